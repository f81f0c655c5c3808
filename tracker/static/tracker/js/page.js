// What every page does: the theme switch, sending a form once, refreshing the figures while the page is looked at, and
// keeping the reader's place when htmx swaps something: what was open, how far tables were scrolled, where the keyboard is.
"use strict";

const REFRESH_MS = 5 * 60 * 1000;
const YEAR_S = 365 * 24 * 3600;

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  document.cookie = `theme=${theme}; path=/; max-age=${YEAR_S}; samesite=lax`;
  for (const button of document.querySelectorAll("[data-theme-switch] button")) {
    button.setAttribute("aria-pressed", String(button.value === theme));
  }
  document.dispatchEvent(new Event("theme-changed"));
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-theme-switch] button");
  if (button) setTheme(button.value);
  for (const help of document.querySelectorAll("details.help[open]")) {
    if (!help.contains(event.target)) help.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const help of document.querySelectorAll("details.help[open]")) {
    help.open = false;
    if (help.contains(document.activeElement)) help.querySelector("summary").focus();
  }
});

// A form is sent once: the second click of a double click would do everything again. Coming back to the page, which the
// browser may have kept as it was, allows it again. Forms that htmx sends are prevented before they get here.
let sentForms = new WeakSet();
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || !form.matches("[method=post i]")) return;
  if (sentForms.has(form)) event.preventDefault();
  sentForms.add(form);
});
window.addEventListener("pageshow", () => { sentForms = new WeakSet(); });

// Choosing a filter keeps how tables are sorted and how long they are, which changes without loading the page, and leaves
// nothing empty in the address.
function keepOrder(parameters) {
  for (const [name, value] of new URLSearchParams(location.search)) {
    if (/\.(sort|rows)$/.test(name)) parameters.set(name, value);
  }
}
document.addEventListener("formdata", (event) => {
  if (!event.target.closest(".filters")) return;
  for (const [name, value] of [...event.formData]) if (!value) event.formData.delete(name);
  keepOrder(event.formData);
});
document.addEventListener("click", (event) => {
  const link = event.target.closest(".filters a[href]");
  if (!link) return;
  const url = new URL(link.href);
  keepOrder(url.searchParams);
  link.href = url;
});

// A help text opens below its "?"; where that leaves the screen it is moved back, or above.
const EDGE = 8;
function place(help) {
  const text = help.querySelector("p");
  text.style.translate = "none";
  const box = text.getBoundingClientRect();
  const { clientWidth, clientHeight } = document.documentElement;
  const across = Math.max(EDGE, Math.min(box.left, clientWidth - EDGE - box.width)) - box.left;
  const up = box.bottom > clientHeight - EDGE ? box.height + help.offsetHeight + EDGE : 0;
  text.style.translate = `${across}px ${-up}px`;
}

document.addEventListener("toggle", (event) => {
  if (event.target.matches("details.help[open]")) place(event.target);
}, true);
window.addEventListener("resize", () => document.querySelectorAll("details.help[open]").forEach(place));

// Buttons with data-copy put an address of this site onto the clipboard, where the browser lets them.
function offerCopies() {
  if (!navigator.clipboard) return;
  for (const button of document.querySelectorAll("button[data-copy]")) button.hidden = false;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(new URL(button.dataset.copy, location.href).href);
  button.textContent = "Link copied";
});

offerCopies();
document.addEventListener("htmx:afterSettle", offerCopies);

// Elements with data-refresh ask for themselves again (htmx, trigger "refresh") while somebody looks at the page.
function refresh() {
  const isReading = document.querySelector("details.help[open]") || window.getSelection().type === "Range";
  if (document.hidden || isReading) return;
  for (const element of document.querySelectorAll("[data-refresh]")) {
    element.dispatchEvent(new Event("refresh"));
  }
}

setInterval(refresh, REFRESH_MS);

let lastSeen = Date.now();
document.addEventListener("visibilitychange", () => {
  if (document.hidden) lastSeen = Date.now();
  else if (Date.now() - lastSeen > REFRESH_MS) refresh();
});

let openBefore = [];
let scrolledBefore = [];
document.addEventListener("htmx:beforeSwap", (event) => {
  const { target } = event.detail;
  openBefore = [...target.querySelectorAll("details[id][open]")].map((details) => details.id);
  scrolledBefore = [...target.querySelectorAll(".table-frame")].map((frame) => [frame.parentElement.id, frame.scrollLeft]);
});
document.addEventListener("htmx:afterSwap", () => {
  for (const id of openBefore) {
    const details = document.getElementById(id);
    if (details) details.open = true;
  }
  for (const [id, left] of scrolledBefore) {
    const frame = document.querySelector(`#${id} > .table-frame`);
    if (frame) frame.scrollLeft = left;
  }
  openBefore = scrolledBefore = [];
});

// Another page of a table is read from its top; its frame takes the focus, since Next may be gone.
document.addEventListener("htmx:afterSettle", (event) => {
  const { requestConfig, target } = event.detail;
  if (!requestConfig?.elt.closest(".pager")) return;
  const frame = document.querySelector(`#${target.id} > .table-frame`);
  frame?.focus({ preventScroll: true });
  frame?.scrollIntoView();
});
