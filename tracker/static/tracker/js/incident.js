// An incident's page: the reader's time zone for snoozes, and messages to copy.
"use strict";

const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
for (const field of document.querySelectorAll("[data-time-zone]")) field.value = timeZone;

// Planned spend needs its last day. The server says so too, but then the rest of the form is lost.
const [verdict, until] = ["verdict_verdict", "verdict_until"].map((id) => document.getElementById(id));
function askForDay() { until.required = verdict.value === "planned"; }
verdict?.addEventListener("change", askForDay);
if (verdict) askForDay();

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
