// Conveniences on top of pages that work without them. Loaded once; htmx swaps are heard through events.
(() => {
  "use strict";

  const each = (selector, act, root = document) => root.querySelectorAll(selector).forEach(act);

  // The summary of problems, or the heading of a fresh region, is where reading goes on.
  function focusFirst() {
    const target = document.querySelector("[data-focus]:not([data-focused])");
    if (!target) return;
    target.dataset.focused = "";
    target.focus();
  }

  // Three presses of Shift with nothing between them leave the portal.
  let presses = [];
  function leave() {
    const form = document.querySelector("form[data-leave]");
    if (!form) return;
    document.documentElement.hidden = true;
    form.submit();
  }
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Shift") presses = [];
    else if (!event.repeat) presses = [...presses, event.timeStamp].filter((t) => event.timeStamp - t < 1500);
    if (presses.length === 3) leave();
  });

  // An open menu closes as people expect of menus.
  const closeMenus = (event) =>
    each("details.menu[open]", (menu) => {
      menu.open = event.type === "click" ? menu.contains(event.target) : event.key !== "Escape";
    });
  for (const kind of ["click", "keydown"]) document.addEventListener(kind, closeMenus);

  function showPasswords() {
    each("button[data-shows][hidden]", (button) => {
      const field = document.getElementById(button.dataset.shows);
      button.hidden = false;
      button.addEventListener("click", () => {
        const shown = field.type === "text";
        field.type = shown ? "password" : "text";
        button.setAttribute("aria-pressed", String(!shown));
        [button.firstChild.data, button.dataset.other] = [button.dataset.other, button.firstChild.data];
      });
    });
  }

  // A held time: minutes in words, spoken twice only (two minutes before the end, and at the end).
  function countDown(box) {
    const seconds = Math.max(0, Math.round((Date.parse(box.dataset.holdUntil) - Date.now()) / 1000));
    const minutes = Math.ceil(seconds / 60);
    const words = seconds === 0 ? box.dataset.over : minutes === 1 ? box.dataset.one : box.dataset.many.replace("{}", minutes);
    box.querySelector("[data-left]").textContent = words;
    box.querySelector("progress").value = seconds;
    const spoken = box.querySelector("[role=status]");
    if ((seconds === 0 || minutes === 2) && spoken.textContent !== words) spoken.textContent = words;
    if (seconds > 0) setTimeout(() => box.isConnected && countDown(box), 1000);
  }

  // Fields that ask for the reader's zone, unless the reader has chosen one already.
  function guessZone(field) {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const known = !field.options || [...field.options].some((option) => option.value === zone);
    if (zone && known) field.value = zone;
    field.dataset.timeZone = "guessed";
  }

  // A form is sent once; the button says that it is on its way.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "yes";
    event.submitter?.setAttribute("aria-busy", "true");
    setTimeout(() => release(form), 8000);
  });
  function release(form) {
    delete form.dataset.sent;
    each("[aria-busy]", (button) => button.removeAttribute("aria-busy"), form);
  }

  function enhance() {
    each("[data-with-script][hidden]", (part) => (part.hidden = false));
    each("[data-hold-until]:not([data-counting])", (box) => {
      box.dataset.counting = "";
      countDown(box);
    });
    each("[data-time-zone=guess]", guessZone);
    showPasswords();
    focusFirst();
  }

  document.addEventListener("htmx:after:settle", enhance);
  document.addEventListener("htmx:finally:request", () => each("form[data-sent]", release));
  addEventListener("pageshow", (event) => event.persisted && each("form[data-sent]", release));
  enhance();
})();
