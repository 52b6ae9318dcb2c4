// Changes the cart without leaving the page, and keeps a blocked order from being sent. The forms work without this.

function findBlocked(event) {
  const form = event.target.closest("form[data-order]");
  return form && document.querySelector("[data-blocked]");
}

// Without this script a blocked order is sent and refused with the same reasons; with it they are where it looks.
function guardOrder(event) {
  if (!findBlocked(event)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  document.getElementById("reasons").focus();
}

function changeCart(event) {
  const form = event.target.closest("form[data-cart]");
  if (!form) return;
  event.preventDefault();
  send(form).catch(() => location.assign("/checkout"));
}

async function send(form) {
  const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const parts = ["[data-notices]", "[data-cart-link]"].map((name) => [document.querySelector(name), page.querySelector(name)]);
  // Another page, such as the way to sign in.
  if (parts.some(([, now]) => !now)) return location.assign("/checkout");
  for (const [before, now] of parts) before.replaceWith(now);
  return dispatchEvent(new Event("portal:changed"));
}

// One control does it: the button beside the number is for browsers without this script.
function enhance() {
  for (const button of document.querySelectorAll("[data-update]")) button.hidden = true;
}

function changeQuantity(event) {
  if (event.target.matches("form[data-cart] select")) event.target.form.requestSubmit();
}

document.addEventListener("submit", guardOrder, { capture: true });
document.addEventListener("submit", changeCart);
document.addEventListener("change", changeQuantity);
addEventListener("portal:swapped", enhance);
enhance();
