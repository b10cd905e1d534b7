// Saves a work page while somebody writes. The form works without this; the server decides what becomes of each save.
(() => {
  "use strict";

  const RETRY = 5000;
  const form = document.querySelector("form[data-autosave]");
  if (!form) return;
  let serial = 0;
  let retry;

  const status = () => form.querySelector("#marks [role=status]");
  const say = (words, failed) => {
    const line = status();
    if (!line) return;
    line.textContent = words;
    line.classList.toggle("not", failed);
  };

  // Each save of this window says which one it is, so that one that was long under way undoes no later one.
  form.addEventListener("htmx:config:request", (event) => {
    clearTimeout(retry);
    serial += 1;
    event.detail.ctx.request.body.set("serial", serial);
  });
  form.addEventListener("submit", () => {
    form.elements.serial.value = serial + 1;
  });
  form.addEventListener("htmx:before:request", () => say(status()?.dataset.saving ?? "", false));

  function tryAgain() {
    say(status()?.dataset.not ?? "", true);
    clearTimeout(retry);
    retry = setTimeout(() => form.dispatchEvent(new Event("change")), RETRY);
  }
  form.addEventListener("htmx:error", tryAgain);
  form.addEventListener("htmx:response:error", (event) => {
    const { status: code } = event.detail.ctx.response;
    if (code === 429 || code >= 500) tryAgain();
    else if (code !== 409) say(status()?.dataset.refused ?? "", true);
  });
  addEventListener("online", () => status()?.classList.contains("not") && form.dispatchEvent(new Event("change")));
})();
