// The data of the page, indexed. Keys are the column names of the planner's tables.

function readBlock(id) {
  return JSON.parse(document.getElementById(id).textContent);
}

// Delta-encoded integers [lon, lat, dlon, dlat, ...] to Leaflet's [lat, lon] pairs.
function decodePath(flat, scale) {
  const points = [];
  let lon = 0;
  let lat = 0;
  for (let i = 0; i < flat.length; i += 2) {
    lon += flat[i];
    lat += flat[i + 1];
    points.push([lat / scale, lon / scale]);
  }
  return points;
}

// A table travels by columns, what is the same in every row but once; rows come as they are.
function rowsOf(table) {
  if (Array.isArray(table)) return table;
  const columns = Object.entries(table.columns);
  return Array.from({ length: table.count }, (_, i) => {
    const row = { ...table.same };
    for (const [name, values] of columns) row[name] = values[i];
    return row;
  });
}

// Where a node is drawn: over shifted tiles not where it is.
function placeOf(node) {
  return node.drawn_at || [node.lat_deg, node.lon_deg];
}

function readNetwork() {
  const data = readBlock("trunk-data");
  for (const table of ["nodes", "links"]) data[table] = rowsOf(data[table]);
  for (const table of ["demands", "loads"]) if (data.plan) data.plan[table] = rowsOf(data.plan[table]);
  data.node = new Map(data.nodes.map((node) => [node.node_id, node]));
  data.link = new Map(data.links.map((link) => [link.link_id, link]));
  for (const node of data.nodes) Object.assign(node, { links: [], demands: [], passing: [] });
  for (const link of data.links) {
    link.points = decodePath(link.drawn_path || link.path, data.path_scale);
    link.demands = [];
    link.usable = link.key_rate_bps > 0;
    for (const end of [link.node_a, link.node_b]) data.node.get(end).links.push(link);
  }
  for (const step of [data.style.unusable, data.style.failed]) step.hollow = true;
  data.demands = data.plan ? data.plan.demands : [];
  if (data.plan) indexPlan(data);
  if (data.failures) indexFailures(data, data.failures, data.failures.demands || data.demands);
  return data;
}

function indexPlan(data) {
  for (const load of data.plan.loads) Object.assign(data.link.get(load.link_id), load);
  const demand = new Map(data.demands.map((row) => [row.demand_id, row]));
  for (const row of data.demands) {
    row.routes = [];
    for (const end of [row.node_a, row.node_b]) data.node.get(end).demands.push(row);
  }
  for (const route of data.plan.routes) {
    const owner = demand.get(route.demand_id);
    owner.routes.push(route);
    for (const id of route.links) {
      const { demands } = data.link.get(id);
      if (!demands.includes(owner)) demands.push(owner);
    }
    for (const id of route.nodes.slice(1, -1)) data.node.get(id).passing.push(route);
  }
}

// The point half way along a link.
function middleOf(points) {
  const steps = points.slice(1).map(([lat, lon], i) => Math.hypot(lat - points[i][0], lon - points[i][1]));
  let left = steps.reduce((sum, step) => sum + step, 0) / 2;
  for (let i = 0; i < steps.length; i += 1) {
    if (left <= steps[i] && steps[i] > 0) {
      const part = left / steps[i];
      return points[i].map((value, axis) => value + part * (points[i + 1][axis] - value));
    }
    left -= steps[i];
  }
  return points[0];
}

// Names as plain text, for labels that screen readers speak.
function plainTitle(data, row) {
  return `${data.node.get(row.node_a).name} – ${data.node.get(row.node_b).name}`;
}

function moduleTitle(data, link) {
  return link.module === null ? null : data.modules[link.module] || link.module;
}
