// The few things a server-rendered page cannot do by itself. Everything works without it, too.
"use strict";

const one = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// Theme.
document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-theme-toggle]")) return;
  const root = document.documentElement;
  const theme = root.getAttribute("data-bs-theme") === "dark" ? "light" : "dark";
  root.setAttribute("data-bs-theme", theme);
  localStorage.setItem("theme", theme);
  all("[data-chart]").forEach(draw);
});

// Dialogs and rows that open a page.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open-dialog]");
  if (opener) document.getElementById(opener.dataset.openDialog).showModal();
  const row = event.target.closest("tr[data-href]");
  if (row && !event.target.closest("a, button, input, select, label")) location.href = row.dataset.href;
});

// Keys: "?" help, "/" search, "g x" pages, j/k/Enter rows.
let waitsForSecond = false;
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || one("dialog[open]")) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  if (waitsForSecond) {
    waitsForSecond = false;
    const link = one(`[data-shortcut="g ${CSS.escape(event.key)}"]`);
    if (link) { event.preventDefault(); link.click(); }
    return;
  }
  const act = {
    "?": () => one("#keyboard-help")?.showModal(),
    "/": () => one("[data-search]")?.focus(),
    g: () => { waitsForSecond = true; setTimeout(() => { waitsForSecond = false; }, 1500); },
    j: () => choose(1),
    k: () => choose(-1),
    Enter: () => { const row = one("tr.is-chosen"); if (row) location.href = row.dataset.href; },
  }[event.key];
  if (!act) return;
  if (event.key === "Enter" && event.target.closest("a, button")) return;
  if (event.key === "?" || event.key === "/") event.preventDefault();
  act();
});

function choose(step) {
  const rows = all("tr[data-href]");
  if (!rows.length) return;
  const at = rows.findIndex((row) => row.classList.contains("is-chosen"));
  const next = Math.min(rows.length - 1, Math.max(0, at + step));
  rows.forEach((row, index) => row.classList.toggle("is-chosen", index === next));
  rows[next].scrollIntoView({ block: "nearest" });
}

// Upload: files dropped on a form's zone are sent with the form.
document.addEventListener("dragover", (event) => {
  const zone = event.target.closest(".drop-zone");
  if (zone) { event.preventDefault(); zone.classList.add("is-over"); }
});
document.addEventListener("dragleave", (event) => event.target.closest?.(".drop-zone")?.classList.remove("is-over"));
document.addEventListener("drop", (event) => {
  const zone = event.target.closest(".drop-zone");
  if (!zone) return;
  event.preventDefault();
  zone.classList.remove("is-over");
  const input = one("input[type=file]", zone);
  input.files = event.dataTransfer.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
});
document.addEventListener("change", (event) => {
  const input = event.target;
  if (input.matches(".drop-zone input[type=file]") && input.files.length) input.form.requestSubmit();
  if (input.matches("[data-submit-on-change]")) input.form.requestSubmit();
});

// Charts: <div class="chart" data-chart="id-of-a-json-script"> or data-chart-url="/address.json".
// {kind: "bars" | "lines", unit: "cents" | "count" | "rate" | "days", stacked, horizontal,
//  palette: "kinds" | "age", categories: [...], series: [{name, values: [...]}],
//  links: [address for each category]}
// A series may be {as: "bars" | "lines" | "points", dashed}. Besides: band: {name, low: [...], high: [...]} is
// shaded; marks: [{at: category, text}] are upright lines; levels: [{value, text}] level ones.
// {kind: "treemap", unit, items: [{name, value, url, children: [the same]}]}
// {kind: "flow", unit, nodes: [{id, name}], links: [{source, target, value}]}
const units = {
  cents: (value) => (value / 100).toLocaleString("en-US", { style: "currency", currency: "USD", maximumFractionDigits: 0 }),
  rate: (value) => `${(100 * value).toFixed(1)}%`,
  count: (value) => value.toLocaleString("en-US"),
  days: (value) => `${value.toLocaleString("en-US", { maximumFractionDigits: 1 })} days`,
};

const short = { cents: (value) => `$${(value / 100).toLocaleString("en-US", { notation: "compact" })}` };

// "age" goes from young to old, so that late balances stand out; "kinds" only tells apart.
const palettes = {
  kinds: ["#2f6f8f", "#e0a458", "#6a994e", "#b5544d", "#7a6c9d", "#5fa8a3", "#8d8d8d"],
  areas: ["#2f6f8f", "#9a5b13", "#4a7a35", "#a3423b", "#66588a", "#2c7f7a", "#6b6b6b", "#7d1d3f", "#37607a", "#5b6b1d"],
  age: ["#7fb7be", "#3d8b9b", "#e9c46a", "#e08e45", "#b23a48", "#7d1d3f", "#4a1230", "#2b0a1d"],
};

// Two levels of areas; a click opens what is behind an area.
function treemap(source, say, box) {
  const colored = (item, color) => ({ ...item, itemStyle: { color, borderColor: color }, children: item.children?.map((child) => ({ ...child, itemStyle: { color } })) });
  const items = source.items.map((item, index) => colored(item, palettes.areas[index % palettes.areas.length]));
  return {
    tooltip: { renderMode: "richText", formatter: (area) => `${area.treePathInfo.slice(1).map((part) => part.name).join(" › ")}\n${say(area.value)}` },
    series: [{
      type: "treemap", data: items, roam: false, nodeClick: false, breadcrumb: { show: false }, visibleMin: 60, childrenVisibleMin: 400,
      top: 0, bottom: 0, left: 0, right: 0, width: "100%", height: "100%",
      label: { show: true, color: "#fff", fontSize: box.clientWidth < 500 ? 10 : 12, lineHeight: 16, overflow: "truncate", formatter: (area) => `${area.name}\n${say(area.value)}` },
      upperLabel: { show: true, height: 22, padding: [0, 6], color: "#fff", fontWeight: "bold", overflow: "truncate", formatter: (area) => `${area.name} ${say(area.value)}` },
      levels: [{ itemStyle: { gapWidth: 3, borderWidth: 0, borderColor: "transparent" }, upperLabel: { show: false } }, { itemStyle: { gapWidth: 1, borderWidth: 0 } }, { itemStyle: { borderColor: "#ffffff8c", borderWidth: 1 } }],
    }],
  };
}

// What went from where to where: the days stand left and right.
function flow(source, say, ink, box) {
  const isNarrow = box.clientWidth < 500;
  const titles = new Map(source.nodes.map((node) => [node.id, node.name]));
  const nodes = source.nodes.map((node, index) => ({ name: node.id, depth: node.id.startsWith("was ") ? 0 : 1, itemStyle: { color: palettes.areas[index % palettes.areas.length] }, label: { position: node.id.startsWith("was ") ? "right" : "left" } }));
  return {
    tooltip: { renderMode: "richText", formatter: (part) => (part.dataType === "edge" ? `${titles.get(part.data.source)} › ${titles.get(part.data.target)}\n${say(part.value)}` : `${titles.get(part.name)}\n${say(part.value)}`) },
    series: [{
      type: "sankey", data: nodes, links: source.links, left: 4, right: 4, top: 8, bottom: 8, nodeGap: isNarrow ? 6 : 10, draggable: false,
      emphasis: { focus: "adjacency" }, lineStyle: { color: "source", opacity: 0.35 },
      label: { color: ink, fontSize: isNarrow ? 10 : 12, formatter: (node) => titles.get(node.name) },
    }],
  };
}

// A value that is not there (null) is a gap.
const said = (say) => (value) => (typeof value === "number" ? say(value) : "–");

// The shaded band: its lower edge is drawn unseen, the distance to the upper one on top of it.
function band(source, color) {
  if (!source.band) return [];
  const { low, high, name } = source.band;
  const edge = { type: "line", stack: "band", stackStrategy: "all", symbol: "none", lineStyle: { opacity: 0 }, silent: true };
  return [
    { ...edge, name: `${name} (from)`, data: low, tooltip: { show: false } },
    { ...edge, name, data: low.map((value, index) => (value === null ? null : high[index] - value)), itemStyle: { color, opacity: 0.4 }, areaStyle: { color, opacity: 0.18 }, tooltip: { show: false } },
  ];
}

function rulers(source, ink, say) {
  const label = { color: ink, fontSize: 11, position: "insideEndTop", formatter: (line) => line.name };
  const upright = (source.marks || []).map((mark) => ({ name: mark.text, xAxis: mark.at }));
  const level = (source.levels || []).map((one) => ({ name: `${one.text} ${say(one.value)}`, yAxis: one.value }));
  if (!upright.length && !level.length) return undefined;
  return { symbol: "none", silent: true, lineStyle: { color: ink, type: "dashed", opacity: 0.6 }, label, data: [...upright, ...level] };
}

const kinds = { bars: "bar", lines: "line", points: "scatter" };

async function draw(box) {
  if (typeof echarts === "undefined") return;
  const source = box.dataset.chartUrl
    ? await (await fetch(box.dataset.chartUrl, { headers: { Accept: "application/json" } })).json()
    : JSON.parse(document.getElementById(box.dataset.chart).textContent);
  const say = units[source.unit] || units.count;
  const style = getComputedStyle(document.documentElement);
  const ink = style.getPropertyValue("--tblr-body-color").trim() || "#333";
  if (source.kind === "treemap" || source.kind === "flow") {
    echarts.getInstanceByDom(box)?.dispose();
    const areas = echarts.init(box, null, { renderer: "svg" });
    const animation = !matchMedia("(prefers-reduced-motion: reduce)").matches;
    areas.setOption({ animation, aria: { enabled: true }, ...(source.kind === "treemap" ? treemap(source, say, box) : flow(source, say, ink, box)) });
    areas.on("click", (event) => { if (event.data?.url) location.href = event.data.url; });
    return;
  }
  if (source.horizontal) box.style.height = `${80 + 30 * source.categories.length}px`;
  const room = Math.max(90, Math.round(box.clientWidth * 0.28));
  const labels = source.horizontal ? { width: room, overflow: "truncate" } : { hideOverlap: true };
  const categories = { type: "category", data: source.categories, axisLabel: { color: ink, ...labels }, inverse: Boolean(source.horizontal) };
  const values = { type: "value", splitNumber: box.clientWidth < 500 ? 2 : 5, axisLabel: { color: ink, hideOverlap: true, formatter: short[source.unit] || say }, splitLine: { lineStyle: { opacity: 0.3 } } };
  echarts.getInstanceByDom(box)?.dispose();
  const chart = echarts.init(box, null, { renderer: "svg" });
  const colors = palettes[source.palette] || palettes.kinds;
  const names = [...source.series.map((line) => line.name), ...(source.band ? [source.band.name] : [])];
  chart.setOption({
    animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    aria: { enabled: true },
    color: colors,
    grid: { left: 8, right: 32, top: names.length > 1 ? 40 : 16, bottom: 8, containLabel: true },
    legend: names.length > 1 ? { type: "scroll", top: 0, textStyle: { color: ink }, data: names } : undefined,
    tooltip: { trigger: "axis", renderMode: "richText", valueFormatter: said(say) },
    xAxis: source.horizontal ? values : categories,
    yAxis: source.horizontal ? categories : values,
    series: [
      ...source.series.map((line, index) => ({
        name: line.name,
        data: line.values,
        type: kinds[line.as || source.kind] || "bar",
        stack: source.stacked ? "all" : undefined,
        barMaxWidth: 48,
        lineStyle: line.dashed ? { type: "dashed" } : undefined,
        markLine: index === 0 ? rulers(source, ink, say) : undefined,
      })),
      ...band(source, colors[0]),
    ],
  });
  if (source.links) chart.on("click", (event) => { const to = source.links[event.dataIndex]; if (to) location.href = to; });
}

const drawAll = (root) => all("[data-chart], [data-chart-url]", root).forEach(draw);
addEventListener("DOMContentLoaded", () => drawAll(document));
document.addEventListener("htmx:afterSwap", (event) => drawAll(event.target));
let resizing;
addEventListener("resize", () => {
  clearTimeout(resizing);
  resizing = setTimeout(() => all(".chart").forEach((box) => window.echarts?.getInstanceByDom(box)?.resize()), 100);
});
