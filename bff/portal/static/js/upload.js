// Sends a document: shows it, asks whether a reviewer would take it, and tells how much has gone.
// The form works without this. What it says stands in the page, in the customer's language.

const LARGEST = 10 * 1024 * 1024;
const NAMES = /\.(jpe?g|png|hei[cf]|pdf)$/i;
const PICTURES = /^image\//;
const LANGUAGE = document.documentElement.lang;
const percent = new Intl.NumberFormat(LANGUAGE, { style: "percent" });

class Upload {
  constructor(root) {
    this.root = root;
    this.field = this.find("input[name=file]");
    this.says = JSON.parse(root.dataset.says);
    this.call = null;
    this.state = "empty";
    root.classList.add("is-enhanced");
    this.listen();
    this.takeOverForm();
    this.show("empty");
  }

  find(selector) {
    return this.root.querySelector(selector);
  }

  listen() {
    this.field.addEventListener("change", () => this.choose(this.field.files[0]));
    for (const name of ["[data-another]", "[data-better]"]) {
      this.find(name).addEventListener("click", () => this.field.click());
    }
    this.find("[data-anyway]").addEventListener("click", () => this.send({ anyway: true }));
    this.find("[data-cancel]").addEventListener("click", () => this.cancel());
    this.listenToCamera();
    this.listenToDrops();
  }

  // Phones only: elsewhere the attribute does nothing, and the button would open the same dialog twice.
  listenToCamera() {
    const place = this.find("[data-camera]");
    const camera = place.querySelector("input");
    this.hasCamera = matchMedia("(pointer: coarse)").matches;
    place.querySelector("[data-take]").addEventListener("click", () => camera.click());
    camera.addEventListener("change", () => {
      this.put(camera.files[0]);
      camera.value = "";
    });
  }

  listenToDrops() {
    const zone = this.find("[data-drop]");
    const mark = (isOver) => (event) => {
      event.preventDefault();
      zone.classList.toggle("is-over", isOver);
    };
    zone.addEventListener("dragenter", mark(true));
    zone.addEventListener("dragover", mark(true));
    zone.addEventListener("dragleave", mark(false));
    zone.addEventListener("drop", (event) => {
      mark(false)(event);
      this.put(event.dataTransfer.files[0]);
    });
  }

  // The form around is another one after each swap of the page's live part.
  takeOverForm() {
    this.form = this.root.closest("form");
    this.form.noValidate = true;
    delete this.form.dataset.once;
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.showActions();
  }

  // Into the field itself, so that it is what a form without this script would send.
  put(file) {
    if (!file) return;
    const holder = new DataTransfer();
    holder.items.add(file);
    this.field.files = holder.files;
    this.field.dispatchEvent(new Event("change", { bubbles: true }));
  }

  choose(file) {
    this.stop();
    this.clearError();
    if (!file) return this.reset();
    this.describe(file);
    // The field that had the focus goes out of sight.
    this.find("[data-chosen]").focus({ preventScroll: true });
    const mistake = findMistake(file);
    return mistake ? this.refuse(this.says[mistake]) : this.check(file);
  }

  describe(file) {
    const picture = this.find("[data-preview]");
    this.forgetPicture();
    this.find("[data-name]").textContent = file.name;
    this.find("[data-size]").textContent = formatSize(file.size);
    picture.hidden = true;
    if (!PICTURES.test(file.type)) return;
    // Not every browser shows HEIC; where it does not, the sign of a file stays.
    picture.onload = () => (picture.hidden = false);
    picture.src = URL.createObjectURL(file);
  }

  forgetPicture() {
    const picture = this.find("[data-preview]");
    if (picture.src) URL.revokeObjectURL(picture.src);
    picture.removeAttribute("src");
  }

  async check(file) {
    this.show("checking", this.says.checking);
    const answer = await this.post(this.root.dataset.check, file);
    if (answer.isStopped) return;
    if (answer.status === 200) this.weigh(answer.body.findings);
    else if (answer.body?.code && answer.status < 500) this.refuse(this.explain(answer.body));
    // Nobody could look at it: that must not keep anybody from sending it.
    else this.show("ready", this.says.unchecked);
  }

  weigh(findings) {
    if (!findings.length) return this.show("ready", this.says.ready);
    const items = findings.map(({ message }) => Object.assign(document.createElement("li"), { textContent: message }));
    this.find("[data-findings]").replaceChildren(...items);
    this.show("doubtful");
    return this.find("[data-better]").focus({ preventScroll: true });
  }

  submit() {
    if (this.state === "ready") this.send();
    else if (this.state === "empty") this.tellError(this.says.none);
  }

  async send({ anyway = false } = {}) {
    this.clearError();
    this.show("sending", this.says.sending);
    this.find("[data-cancel]").focus();
    const answer = await this.post(this.root.dataset.send, this.field.files[0], anyway);
    if (answer.isStopped) return;
    if (answer.status === 202) return this.finish();
    if (answer.status === 401) return location.reload();
    this.show("ready", this.says.unchecked);
    this.tellError(answer.body?.detail ? this.explain(answer.body) : this.says.failed);
  }

  // The page looks again, and its live part shows the document as submitted; the headline is where that is said.
  finish() {
    document.getElementById("headline").focus();
    this.root.closest("details")?.removeAttribute("open");
    this.reset();
    dispatchEvent(new Event("portal:changed"));
  }

  cancel() {
    this.stop();
    this.show("ready", this.says.cancelled);
    this.form.querySelector("[data-actions] button").focus();
  }

  stop() {
    this.call?.abort();
    this.call = null;
  }

  reset() {
    this.field.value = "";
    this.forgetPicture();
    delete this.root.dataset.begun;
    this.show("empty");
  }

  refuse(sentence) {
    this.show("refused");
    this.tellError(sentence);
  }

  explain(problem) {
    if (!problem.retryAfter || !problem.detail) return problem.detail;
    const at = new Date(Date.now() + problem.retryAfter * 1000);
    const time = at.toLocaleTimeString(LANGUAGE, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    return `${problem.detail} ${this.says.again.replace("{time}", time)}`;
  }

  tellError(sentence) {
    const error = this.find("[data-error]").content.firstElementChild.cloneNode(true);
    error.querySelector("span").textContent = sentence;
    this.find("[data-error-place]").replaceChildren(error);
    this.field.setAttribute("aria-invalid", "true");
    this.field.setAttribute("aria-describedby", "field-file-hint field-file-error");
  }

  clearError() {
    this.find("[data-error-place]").replaceChildren();
    for (const told of this.root.querySelectorAll(":scope > .notice, :scope > .check")) told.remove();
    this.field.removeAttribute("aria-invalid");
    this.field.setAttribute("aria-describedby", "field-file-hint");
  }

  show(state, sentence = "") {
    const isChosen = state !== "empty";
    const isMoving = state === "checking" || state === "sending";
    this.state = state;
    this.root.dataset.state = state;
    this.find("[data-drop]").hidden = isChosen;
    this.find("[data-camera]").hidden = isChosen || !this.hasCamera;
    this.find("[data-chosen]").hidden = !isChosen;
    this.find("[data-say]").textContent = sentence;
    this.find("[data-say]").classList.toggle("is-good", sentence === this.says.ready);
    this.find("[data-doubts]").hidden = state !== "doubtful";
    this.find("[data-another]").hidden = !["ready", "refused", "checking"].includes(state);
    this.find("[data-cancel]").hidden = state !== "sending";
    this.find("[data-meter]").hidden = !isMoving;
    this.showActions();
    if (isMoving) this.showProgress(0);
  }

  // One button in sight that goes on: choosing while there is nothing to send, sending when there is.
  showActions() {
    const actions = this.form.querySelector("[data-actions]");
    actions.hidden = ["doubtful", "sending", "refused"].includes(this.state);
    const button = actions.querySelector("button");
    if (this.state === "checking") button.setAttribute("aria-disabled", "true");
    else button.removeAttribute("aria-disabled");
  }

  showProgress(share) {
    this.find("progress").value = share;
    this.find("[data-percent]").textContent = percent.format(share);
    if (share === 1 && this.state === "sending") this.find("[data-say]").textContent = this.says.storing;
  }

  // XMLHttpRequest, because fetch does not tell how much has gone.
  post(address, file, anyway = false) {
    const form = new FormData();
    form.append("file", file, file.name);
    if (anyway) form.append("sendAnyway", "true");
    const call = new XMLHttpRequest();
    this.call = call;
    return new Promise((resolve) => {
      call.upload.onprogress = ({ loaded, total }) => this.showProgress(total ? loaded / total : 0);
      call.onload = () => resolve({ status: call.status, body: parse(call.responseText) });
      call.onerror = () => resolve({ status: 0 });
      call.onabort = () => resolve({ isStopped: true });
      call.open("POST", address);
      call.setRequestHeader("Accept", "application/json");
      call.setRequestHeader("X-CSRF-Token", new URL(this.form.action).searchParams.get("csrf"));
      call.send(form);
    });
  }
}

function findMistake(file) {
  if (!file.size) return "empty";
  if (!NAMES.test(file.name)) return "type";
  return file.size > LARGEST ? "large" : null;
}

function formatSize(size) {
  const [unit, number, digits] =
    size < 999_500 ? ["kilobyte", Math.max(1, Math.round(size / 1e3)), 0] : ["megabyte", size / 1e6, 1];
  const options = { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: digits };
  return new Intl.NumberFormat(LANGUAGE, options).format(number);
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const uploads = new WeakMap();

function enhance() {
  for (const root of document.querySelectorAll("[data-upload]")) {
    const known = uploads.get(root);
    if (!known) uploads.set(root, new Upload(root));
    else if (known.form !== root.closest("form")) known.takeOverForm();
  }
}

// A file that misses the zone must not take the page away.
for (const kind of ["dragover", "drop"]) {
  addEventListener(kind, (event) => {
    if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
  });
}
addEventListener("portal:swapped", enhance);
enhance();
