"""Twin-field QKD: Curty-Azuma-Lo (`cal`) and sending-or-not-sending (`sns`)."""
