// A menu opens and closes without this; here it also closes when somebody turns away from it.

function closeOthers(target) {
  for (const menu of document.querySelectorAll("[data-menu][open]")) {
    if (!menu.contains(target)) menu.removeAttribute("open");
  }
}

addEventListener("click", (event) => closeOthers(event.target));
addEventListener("focusin", (event) => closeOthers(event.target));
addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("[data-menu][open]");
  menu?.removeAttribute("open");
  menu?.querySelector("summary").focus();
});
