// Folds the groups below a parent. Without this script all of them are shown.
"use strict";

const SEPARATOR = " > ";

function rowsBelow(path) {
  return [...document.querySelectorAll("tr[data-path]")].filter((row) => row.dataset.path.startsWith(path + SEPARATOR));
}

function isFolded(row) {
  return [...document.querySelectorAll("button[data-fold][aria-expanded=false]")].some(
    (button) => row.dataset.path.startsWith(button.dataset.fold + SEPARATOR),
  );
}

for (const button of document.querySelectorAll("button[data-fold]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    button.setAttribute("aria-expanded", String(button.getAttribute("aria-expanded") === "false"));
    for (const row of rowsBelow(button.dataset.fold)) row.hidden = isFolded(row);
  });
}
