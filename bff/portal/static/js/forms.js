// Small courtesies for forms that work without it: send once, and lead to what has to be corrected.

function sendOnce(event) {
  const form = event.target.closest("form[data-once]");
  if (!form) return;
  if (form.dataset.sending) {
    event.preventDefault();
    return;
  }
  form.dataset.sending = "yes";
  event.submitter?.setAttribute("aria-disabled", "true");
}

function forgetSending() {
  for (const form of document.querySelectorAll("form[data-sending]")) {
    delete form.dataset.sending;
    // The button may stand elsewhere on the page.
    for (const control of form.elements) control.removeAttribute("aria-disabled");
  }
}

addEventListener("submit", sendOnce);
addEventListener("pageshow", forgetSending);
document.querySelector("[data-errors]")?.focus();
