// Draws every <canvas class="js-chart"> from the JSON in its data-chart, again after whatever htmx swaps.
// The server decides figures, names, order and colours; this only draws, and follows a point's link when it is clicked.
"use strict";

const charts = new Map();
const probe = document.createElement("span");
probe.hidden = true;

// Custom properties hold light-dark(); only a computed colour says which of the two is meant.
function colour(name) {
  if (!probe.isConnected) document.body.append(probe);
  probe.style.color = `var(--${name})`;
  return getComputedStyle(probe).color;
}

function faded(rgb, alpha) {
  return rgb.replace(/^rgb\((.*)\)$/, `rgba($1, ${alpha})`);
}

const NUMBER = new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 });
const COMPACT = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });
const DOLLARS = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" });

function shown(value, unit) {
  if (value === null || value === undefined) return "no data";
  if (unit === "usd") return DOLLARS.format(value);
  return unit === "percent" ? `${NUMBER.format(value)} %` : NUMBER.format(value);
}

function tick(value, unit) {
  if (unit === "percent") return `${value} %`;
  return (unit === "usd" ? "$" : "") + COMPACT.format(value);
}

// The second dozen of models is striped and the third dotted, in the hues of the first.
function woven(main, weave) {
  const tile = document.createElement("canvas");
  const pen = tile.getContext("2d");
  tile.width = tile.height = 6;
  pen.fillStyle = main;
  pen.fillRect(0, 0, 6, 6);
  pen.strokeStyle = pen.fillStyle = colour("surface");
  pen.lineWidth = 1.5;
  if (weave === "dotted") pen.fillRect(2, 2, 2.5, 2.5);
  else for (const x of [-6, 0, 6]) { pen.moveTo(x, 6); pen.lineTo(x + 6, 0); }
  pen.stroke();
  return pen.createPattern(tile, "repeat");
}

function dataset(series, data) {
  const [hue, weave] = series.slot.split(" ");
  const main = colour(`series-${hue}`);
  if (series.kind === "ghost") return ghost(series, main);
  const isLine = (series.kind || data.kind) === "line";
  return {
    type: isLine ? "line" : "bar",
    label: series.name,
    data: series.values,
    yAxisID: series.axis === "second" ? "second" : undefined,
    stack: data.stacked && !series.axis ? "all" : undefined,
    borderColor: !isLine && series.marks ? colour("ink") : main,
    backgroundColor: isLine ? faded(main, data.stacked ? 0.55 : 0.2) : weave ? woven(main, weave) : main,
    borderWidth: series.band ? 0 : isLine ? 2 : series.marks ? series.marks.map((mark) => (mark ? 1.5 : 0)) : 0,
    borderDash: series.dashed ? [5, 4] : [],
    borderRadius: isLine || data.stacked ? 0 : 2,
    maxBarThickness: data.horizontal ? 20 : 42,
    fill: series.band === "high" ? "-1" : isLine && !series.dashed && (data.stacked ? "stack" : data.filled ? "origin" : false),
    pointRadius: isLine && data.labels.length < 3 ? 3 : series.marks ? series.marks.map((mark) => (mark ? 5 : 0)) : 0,
    pointBackgroundColor: main,
    pointHoverRadius: series.band ? 0 : 4,
    tension: 0,
    spanGaps: false,
  };
}

// What was spent on the earlier day: a wide pale bar behind the day's own.
function ghost(series, main) {
  return {
    type: "bar", label: series.name, data: series.values, stack: "ghost", grouped: false, order: 1,
    backgroundColor: faded(main, 0.22), borderColor: faded(main, 0.7), borderWidth: { top: 1.5 }, borderSkipped: false,
    categoryPercentage: 1, barPercentage: 0.96, hoverBackgroundColor: faded(main, 0.35),
  };
}

// The days that may still change, today apart from them, and the average: drawn behind and above the data.
const guides = {
  id: "guides",
  beforeDatasetsDraw(chart, _args, options) {
    if (options.from === null || options.from === undefined) return;
    const { ctx, chartArea, scales } = chart;
    const last = chart.data.labels.length - 1;
    const step = scales.x.width / Math.max(last + (scales.x.options.offset ? 1 : 0), 1);
    const edge = (index) => Math.max(scales.x.getPixelForValue(index) - step / 2, chartArea.left);
    ctx.save();
    ctx.fillStyle = colour("provisional");
    ctx.fillRect(edge(options.from), chartArea.top, edge(last) - edge(options.from), chartArea.height);
    ctx.fillStyle = colour("today");
    ctx.fillRect(edge(last), chartArea.top, chartArea.right - edge(last), chartArea.height);
    ctx.font = `11px ${Chart.defaults.font.family}`;
    ctx.fillStyle = colour("ink");
    ctx.textAlign = "right";
    ctx.fillText(options.today, chartArea.right - 2, chartArea.top - 4);
    ctx.restore();
  },
  afterDatasetsDraw(chart, _args, options) {
    if (options.average === null || options.average === undefined) return;
    const { ctx, chartArea, scales } = chart;
    const y = scales.y.getPixelForValue(options.average);
    ctx.save();
    ctx.strokeStyle = colour("ink-soft");
    ctx.setLineDash([5, 4]);
    ctx.beginPath();
    ctx.moveTo(chartArea.left, y);
    ctx.lineTo(chartArea.right, y);
    ctx.stroke();
    ctx.restore();
  },
};

function scales(data) {
  const grid = { color: colour("rule"), drawTicks: false };
  const ticks = { color: colour("ink-soft"), maxRotation: 0, autoSkipPadding: 14, padding: 6 };
  const amounts = { stacked: data.stacked, beginAtZero: true, max: data.ceiling ?? undefined, grid, border: { display: false },
    ticks: { ...ticks, maxTicksLimit: 6, callback: (value) => tick(value, data.unit) } };
  const names = { stacked: data.stacked, grid: { display: false }, border: { color: colour("rule-strong") },
    ticks: data.horizontal ? { ...ticks, autoSkip: false } : ticks };
  if (data.horizontal) return { x: amounts, y: names };
  const second = { position: "right", beginAtZero: true, grid: { display: false }, border: { display: false },
    ticks: { ...ticks, maxTicksLimit: 5, callback: (value) => tick(value, data.second_unit) } };
  return data.second_unit ? { x: names, y: amounts, second } : { x: names, y: amounts };
}

function tooltip(data) {
  const unitOf = (item) => (item.dataset.yAxisID === "second" ? data.second_unit : data.unit);
  return {
    backgroundColor: colour("ink"), titleColor: colour("paper"), bodyColor: colour("paper"), footerColor: colour("paper"),
    padding: 10, boxPadding: 4, cornerRadius: 6, itemSort: data.stacked ? (a, b) => b.raw - a.raw : undefined,
    filter: (item) => !data.stacked || item.raw !== 0,
    callbacks: {
      title: (items) => (items.length ? (data.titles || data.labels)[items[0].dataIndex] : ""),
      label: (item) => ` ${item.dataset.label}: ${shown(item.raw, unitOf(item))}`,
      footer: (items) => (items.length && data.notes ? data.notes[items[0].dataIndex] || "" : ""),
    },
  };
}

// A click counts for the whole column, or row, as the tooltip does: its own link, else that of the part nearest to the pointer.
function linkAt(data, chart, event) {
  const items = chart.getElementsAtEventForMode(event, "index", { intersect: false, axis: data.horizontal ? "y" : "x" }, false);
  if (!items.length) return "";
  if (data.links && data.links[items[0].index]) return data.links[items[0].index];
  const linked = items.filter((item) => data.series[item.datasetIndex].link && chart.data.datasets[item.datasetIndex].data[item.index]);
  const distance = ({ element }) => {
    const [a, b] = [element.y, element.base ?? element.y];
    return Math.max(Math.min(a, b) - event.y, event.y - Math.max(a, b), 0);
  };
  linked.sort((a, b) => distance(a) - distance(b));
  return linked.length ? data.series[linked[0].datasetIndex].link : "";
}

function draw(canvas) {
  const data = JSON.parse(canvas.dataset.chart);
  charts.get(canvas)?.destroy();
  charts.set(canvas, new Chart(canvas, {
    data: { labels: data.labels, datasets: data.series.map((series) => dataset(series, data)) },
    plugins: [guides],
    options: {
      layout: { padding: { top: data.today_label ? 14 : 0 } },
      animation: false, devicePixelRatio: isPrinting() ? 3 : undefined, maintainAspectRatio: false, responsive: true,
      indexAxis: data.horizontal ? "y" : "x",
      interaction: { mode: "index", intersect: false, axis: data.horizontal ? "y" : "x" },
      scales: scales(data),
      plugins: { legend: { display: false }, tooltip: tooltip(data),
        guides: { from: data.provisional_from, today: data.today_label, average: data.average } },
      onClick: (event, _hits, chart) => { const url = linkAt(data, chart, event); if (url) window.location.assign(url); },
      onHover: (event, _hits, chart) => { canvas.style.cursor = linkAt(data, chart, event) ? "pointer" : "default"; },
    },
  }));
}

function isPrinting() {
  return "printing" in document.documentElement.dataset;
}

// Paper has a width of its own and is white, whatever the screen is.
window.addEventListener("beforeprint", () => { document.documentElement.dataset.printing = ""; drawAll(); });
window.addEventListener("afterprint", () => { delete document.documentElement.dataset.printing; drawAll(); });

function drawAll() {
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  Chart.defaults.font.size = isPrinting() ? 9 : 12;
  for (const canvas of charts.keys()) {
    if (!canvas.isConnected) { charts.get(canvas).destroy(); charts.delete(canvas); }
  }
  document.querySelectorAll("canvas.js-chart[data-chart]").forEach(draw);
}

drawAll();
document.addEventListener("htmx:afterSettle", drawAll);
document.addEventListener("htmx:historyRestore", drawAll);
document.addEventListener("theme-changed", drawAll);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
