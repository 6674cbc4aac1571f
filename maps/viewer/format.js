// Numbers as people read them. A missing value is a dash.

const MISSING = "–";

function isNumber(value) {
  return typeof value === "number" && Number.isFinite(value);
}

// Made once: making a formatter takes longer than ten thousand uses of it.
const FORMATS = [0, 1, 2, 3].map((places) => new Intl.NumberFormat("en-GB", { minimumFractionDigits: places, maximumFractionDigits: places }));

function digits(value, places) {
  return FORMATS[places].format(value);
}

function rateText(perSecond, unit = "bit/s") {
  if (!isNumber(perSecond)) return MISSING;
  if (perSecond === 0) return `0 ${unit}`;
  const steps = unit.startsWith("bit") ? [[1e9, "G"], [1e6, "M"], [1e3, "k"]] : [[1e9, "billion "], [1e6, "million "], [1e3, "thousand "]];
  const [size, prefix] = steps.find(([least]) => perSecond >= least * 0.9995) || [1, ""];
  const value = perSecond / size;
  return `${digits(value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0)} ${prefix}${unit}`;
}

function lossText(db) {
  return isNumber(db) ? `${digits(db, 1)} dB` : MISSING;
}

function lengthText(km) {
  return isNumber(km) ? `${digits(km, km < 100 ? 1 : 0)} km` : MISSING;
}

function percentText(fraction) {
  if (!isNumber(fraction)) return MISSING;
  return `${digits(fraction * 100, fraction === 0 || fraction === 1 ? 0 : 1)} %`;
}

// The parts of a cell that are separated by semicolons.
function listOf(text) {
  return (text || "").split(";").map((part) => part.trim()).filter(Boolean);
}

function countText(count, one, several = `${one}s`) {
  return `${count.toLocaleString("en-GB")} ${count === 1 ? one : several}`;
}
