// Keeps the live region of a page true: follows the status stream and swaps the region when the facts have changed.

const LONGEST_WAIT_MS = 30_000;
const TOAST_MS = 6_000;

class LiveRegion {
  constructor(element) {
    this.element = element;
    this.waitMs = 1_000;
    this.refreshing = null;
    for (const kind of ["input", "change"]) element.addEventListener(kind, markBegun);
    addEventListener("portal:changed", (event) => this.refresh(event.detail));
  }

  follow() {
    const stream = new EventSource(this.element.dataset.stream);
    const hear = (event) => {
      this.waitMs = 1_000;
      // The id holds one version for each fact; this region shows one of them, or both.
      // What stands behind a tilde is none of the stream's.
      const shown = this.element.dataset.version.split("~")[0];
      if (event.lastEventId !== shown && !event.lastEventId.split(".").includes(shown)) this.refresh();
    };
    stream.addEventListener("ready", hear);
    stream.addEventListener("status", hear);
    stream.addEventListener("error", () => {
      // The browser reconnects by itself after a cut, but gives up for good after any answer but 200.
      if (stream.readyState === EventSource.CLOSED) this.followLater();
    });
    addEventListener("pagehide", () => stream.close(), { once: true });
  }

  followLater() {
    setTimeout(async () => {
      await this.refresh();
      this.follow();
    }, this.waitMs * (0.5 + Math.random()));
    this.waitMs = Math.min(this.waitMs * 2, LONGEST_WAIT_MS);
  }

  // One at a time: a change that is heard meanwhile is looked at once more afterwards. Whoever made the change may
  // have the region already, as `{ version, html }`.
  refresh(known) {
    const look = () => (known ? this.show(known) : this.load());
    this.refreshing = (this.refreshing ?? Promise.resolve()).then(look).catch(() => {});
    return this.refreshing;
  }

  async load() {
    const answer = await fetch(this.element.dataset.live, { headers: { Accept: "text/html" }, cache: "no-store" });
    // The session has ended: the page itself leads to the way to sign in, and back.
    if (answer.status === 401 || answer.redirected) return location.reload();
    const version = answer.headers.get("X-Facts-Version");
    return version && this.show({ version, html: await answer.text() });
  }

  show({ version, html }) {
    if (version === this.element.dataset.version) return;
    this.element.dataset.version = version;
    this.swap(html);
  }

  swap(html) {
    const focused = this.element.contains(document.activeElement) ? document.activeElement.id : null;
    const parsed = document.createElement("template");
    parsed.innerHTML = html;
    this.keepBegun(parsed.content);
    this.element.replaceChildren(parsed.content);
    const headline = this.element.querySelector("#headline");
    headline?.closest(".status")?.classList.add("is-fresh");
    if (focused !== null) (document.getElementById(focused) ?? headline ?? document.getElementById("content")).focus();
    announce(`${this.element.dataset.changed} ${headline?.textContent ?? ""}`);
    dispatchEvent(new Event("portal:swapped"));
  }

  // What a visitor has begun to fill in outlives the swap, wherever the new region still asks for it.
  keepBegun(content) {
    for (const fold of this.element.querySelectorAll("details[id][open]")) {
      content.getElementById(fold.id)?.setAttribute("open", "");
    }
    for (const begun of this.element.querySelectorAll("[data-keep][data-begun]")) {
      content.querySelector(`[data-keep="${begun.dataset.keep}"]`)?.replaceWith(begun);
    }
  }
}

function markBegun(event) {
  const part = event.target.closest("[data-keep]");
  if (part) part.dataset.begun = "yes";
}

function announce(text) {
  const toast = document.createElement("p");
  toast.className = "toast";
  toast.textContent = text;
  // Only the last one is still true.
  document.querySelector("[data-toasts]").replaceChildren(toast);
  setTimeout(() => toast.remove(), TOAST_MS);
}

const element = document.querySelector("[data-live]");
if (element) {
  const region = new LiveRegion(element);
  region.follow();
  // A page that comes back from the browser's memory has missed whatever happened meanwhile.
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    region.refresh();
    region.follow();
  });
}
