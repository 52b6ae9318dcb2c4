// Changes the cart without leaving the page, and keeps a blocked order from being sent. The forms work without this.

// One at a time, since each takes the cart from where the last one left it.
let changing = Promise.resolve();
let underWay = 0;

// Without this script a blocked order is sent and refused with the same reasons; with it they are where it looks.
// While the cart is changing, the page does not show yet what would be ordered.
function guardOrder(event) {
  if (!event.target.closest("form[data-order]")) return;
  const isBlocked = document.querySelector("[data-blocked]") !== null;
  if (!isBlocked && !underWay) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (isBlocked) document.getElementById("reasons").focus();
}

function changeCart(event) {
  const form = event.target.closest("form[data-cart]");
  if (!form) return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(form));
  underWay += 1;
  changing = changing
    .then(() => send(form.action, body))
    .catch(() => location.assign("/checkout"))
    .finally(() => (underWay -= 1));
}

async function send(address, body) {
  const answer = await fetch(address, { method: "POST", body });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const names = ["[data-notices]", "[data-cart-link]"];
  const parts = names.map((name) => [document.querySelector(name), page.querySelector(name)]);
  const region = page.querySelector("[data-live]");
  // Another page, such as the way to sign in.
  if (!region || parts.some(([, now]) => !now)) return location.assign("/checkout");
  for (const [before, now] of parts) before.replaceWith(now);
  const detail = { version: region.dataset.version, html: region.innerHTML };
  return dispatchEvent(new CustomEvent("portal:changed", { detail }));
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
