"""The named comparisons that a published case may ask for."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from planner.validation import channels, decoy_blocks, link_rates, relays, sessions, stations

if TYPE_CHECKING:
    from planner.validation.setup import Comparison, Setup


def none(setup: Setup) -> Mapping[str, Any]:
    """Nothing to compare with: the published values are shown alone."""
    del setup
    return {}


COMPARISONS: Mapping[str, Comparison] = MappingProxyType(
    {
        function.__name__: function
        for function in (
            none,
            link_rates.rate,
            link_rates.reach,
            link_rates.crossing,
            link_rates.bounds,
            link_rates.epsilon_per_bit,
            decoy_blocks.estimates,
            decoy_blocks.two_decoy_block,
            decoy_blocks.one_decoy_block,
            sessions.measured_gains,
            decoy_blocks.slot_errors,
            stations.twin_field_cal,
            stations.sending_or_not,
            stations.coincidences,
            stations.key_of_sifted_bits,
            stations.gaussian,
            channels.raman,
            channels.cross_section,
            channels.downlink,
            channels.untruncated_beam,
            channels.downlink_counts,
            channels.dead_time,
            channels.dead_time_range,
            relays.relay,
            relays.exposure,
            relays.shipped_network,
        )
    }
)
