// An incident's page: the reader's time zone for snoozes, and messages to copy.
"use strict";

const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
for (const field of document.querySelectorAll("[data-time-zone]")) field.value = timeZone;

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const text = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(text.textContent);
    button.textContent = "Copied";
  } catch {
    window.getSelection().selectAllChildren(text); // without HTTPS the clipboard is closed: ready for Ctrl-C
    button.textContent = "Selected: press Ctrl-C";
  }
});
