// Has the device make or use a passkey, and sends its answer as an ordinary form. Pages work without it, by password.
(() => {
  "use strict";

  const toBytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
  const toText = (bytes) =>
    btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  const ask = {
    make: (options) => {
      for (const one of options.excludeCredentials) one.id = toBytes(one.id);
      options.user.id = toBytes(options.user.id);
      return navigator.credentials.create({ publicKey: options });
    },
    use: (options) => navigator.credentials.get({ publicKey: options }),
  };

  function asText({ id, rawId, type, response }) {
    const answer = {};
    for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"])
      if (response[part]) answer[part] = toText(response[part]);
    if (response.getTransports) answer.transports = response.getTransports();
    return JSON.stringify({ id, rawId: toText(rawId), type, response: answer });
  }

  async function go(form) {
    const asked = await fetch(form.dataset.asks, { headers: { Accept: "application/json" } });
    if (asked.redirected) return location.reload();
    const { state, options } = await asked.json();
    options.challenge = toBytes(options.challenge);
    const made = await ask[form.dataset.passkey](options);
    form.elements.state.value = state;
    form.elements.answer.value = asText(made);
    form.submit();
  }

  function prepare(form) {
    const status = form.querySelector("[role=status]");
    const button = form.querySelector("button");
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      event.stopPropagation();
      if (button.hasAttribute("aria-busy")) return;
      button.setAttribute("aria-busy", "true");
      status.textContent = "";
      try {
        await go(form);
      } catch (error) {
        status.textContent = error.name === "InvalidStateError" ? status.dataset.known : status.dataset.failed;
      }
      button.removeAttribute("aria-busy");
    });
  }

  for (const box of document.querySelectorAll("[data-passkeys]")) {
    const part = !window.PublicKeyCredential ? "unable" : location.origin !== box.dataset.passkeys ? "elsewhere" : "able";
    const shown = box.querySelector(`[data-when=${part}]`);
    if (shown) shown.hidden = false;
    box.hidden = !shown;
    box.querySelectorAll("form[data-passkey]").forEach(prepare);
  }
})();
