// Puts the booking into a page of another site, by one line in that page:
//   <script src="https://portal.example.org/embed.js" data-form="inline" async></script>
// data-form: "inline", "card" or "button". data-post, data-link: what the visits are counted for. data-ink, data-paper: two
// colours. data-label: the words of the button. data-into: where to put it, as a selector; by default where the line stands.
// It sets no cookie, keeps nothing, asks no other host, and listens to its own frame only.
(() => {
  "use strict";
  const script = document.currentScript;
  if (!script || !/^https?:$/.test(location.protocol)) return;
  const { form = "inline", post, link, ink, paper, label = "Book a consultation", into } = script.dataset;
  const home = new URL(script.src).origin;
  const LEAST = 120;
  const MOST = 8000;
  const PATIENCE = 5000; // after that many milliseconds without a sign of the frame, the plain link shows

  const hex = (colour) => /^#?[0-9a-f]{6}$/i.test(colour ?? "") && colour.replace("#", "").toLowerCase();
  const colours = hex(ink) && hex(paper) ? `,${hex(ink)},${hex(paper)}` : "";

  function frameAddress() {
    const address = new URL(`/embed/${location.host}${colours}/`, home);
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const said = { form: form === "card" ? "card" : "", post, link, zone };
    for (const [name, text] of Object.entries(said)) if (text) address.searchParams.set(name, text);
    return address.href;
  }

  const element = (name, properties, style = {}) => {
    const made = Object.assign(document.createElement(name), properties);
    Object.assign(made.style, style);
    return made;
  };

  function makeFrame(height) {
    const frame = element(
      "iframe",
      { src: frameAddress(), title: label, referrerPolicy: "no-referrer" },
      { display: "block", width: "100%", height, border: "0", colorScheme: "normal", background: "transparent" },
    );
    return frame;
  }

  const plainLink = () =>
    element("a", {
      href: link ? new URL(`/go/${encodeURIComponent(link)}`, home).href : new URL("/consultations/times", home).href,
      textContent: label,
      target: "_blank",
      rel: "noopener",
    });

  // A number from our own frame is its height; whatever else arrives is nothing to us.
  function follow(frame, act) {
    let height = 0;
    addEventListener("message", (event) => {
      if (event.source !== frame.contentWindow || event.origin !== home) return;
      if (typeof event.data !== "number" || !Number.isFinite(event.data)) return;
      const isWaiting = height > 0;
      height = Math.min(Math.max(Math.ceil(event.data), LEAST), MOST);
      if (isWaiting) return;
      requestAnimationFrame(() => {
        act(height);
        height = 0;
      });
    });
  }

  function standing() {
    const box = element("div", {}, { width: "100%" });
    const frame = makeFrame(form === "card" ? "420px" : "760px");
    const plain = element("p", { hidden: true });
    plain.append(plainLink());
    let isShown = false;
    setTimeout(() => (plain.hidden = isShown), PATIENCE);
    follow(frame, (height) => {
      isShown = plain.hidden = true;
      frame.style.height = `${height}px`;
    });
    let pages = 0;
    frame.addEventListener("load", () => {
      if (++pages > 1 && box.getBoundingClientRect().top < 0) box.scrollIntoView({ block: "start" });
    });
    box.append(frame, plain);
    return box;
  }

  function onDemand() {
    const dialog = element(
      "dialog",
      { ariaLabel: label },
      { width: "min(64rem, calc(100vw - 2rem))", maxWidth: "none", height: "calc(100vh - 2rem)", maxHeight: "60rem", padding: "0", border: "1px solid", borderRadius: "10px", overflow: "hidden", boxSizing: "border-box" },
    );
    const close = element("button", { type: "button", textContent: script.dataset.close ?? "Close" }, { font: "inherit", minHeight: "44px", padding: "0 1rem", float: "inline-end" });
    close.addEventListener("click", () => dialog.close());
    const bar = element("div", {}, { height: "48px", padding: "2px 4px", boxSizing: "border-box" });
    const own = plainLink();
    Object.assign(own.style, { display: "inline-block", lineHeight: "44px", paddingInline: "12px" });
    own.textContent = script.dataset.plain ?? "Open in a page of its own";
    bar.append(close, own);
    const button = element("button", { type: "button", textContent: label, ariaHasPopup: "dialog" }, { font: "inherit", fontWeight: "600", minHeight: "44px", padding: "0.5rem 1.25rem", cursor: "pointer", borderRadius: "6px", border: "1.5px solid", ...(colours ? { background: `#${hex(ink)}`, color: `#${hex(paper)}` } : {}) });
    button.addEventListener("click", () => {
      if (!dialog.querySelector("iframe")) dialog.append(makeFrame("calc(100% - 48px)"));
      dialog.showModal();
    });
    dialog.append(bar);
    const box = element("div", {});
    box.append(button, dialog);
    return box;
  }

  function put() {
    const place = into && document.querySelector(into);
    const made = form === "button" ? onDemand() : standing();
    if (place) place.append(made);
    else if (script.isConnected && !script.closest("head")) script.after(made);
    else document.body.append(made);
  }
  if (document.body && (!into || document.readyState !== "loading")) put();
  else addEventListener("DOMContentLoaded", put);
})();
