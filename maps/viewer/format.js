// Numbers as people read them. A missing value is a dash.

const MISSING = "–";

function isNumber(value) {
  return typeof value === "number" && Number.isFinite(value);
}

function digits(value, places) {
  return value.toLocaleString("en-GB", { minimumFractionDigits: places, maximumFractionDigits: places });
}

function rateText(bps) {
  if (!isNumber(bps)) return MISSING;
  if (bps === 0) return "0 bit/s";
  const steps = [[1e9, "Gbit/s"], [1e6, "Mbit/s"], [1e3, "kbit/s"], [1, "bit/s"]];
  const [size, unit] = steps.find(([least]) => bps >= least * 0.9995) || steps[3];
  const value = bps / size;
  return `${digits(value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0)} ${unit}`;
}

function lossText(db) {
  return isNumber(db) ? `${digits(db, 1)} dB` : MISSING;
}

function lengthText(km) {
  return isNumber(km) ? `${digits(km, km < 100 ? 1 : 0)} km` : MISSING;
}

function percentText(fraction) {
  if (!isNumber(fraction)) return MISSING;
  const percent = fraction * 100;
  return `${digits(percent, percent > 0 && percent < 9.95 ? 1 : 0)} %`;
}

function countText(count, one, several = `${one}s`) {
  return `${count.toLocaleString("en-GB")} ${count === 1 ? one : several}`;
}
