// Moves a preview of a calendar entry by keys or by dragging. Nothing is changed here: the page that it opens asks and confirms.
(() => {
  "use strict";
  const QUARTER = 15;
  const DAY = 24 * 60;
  const box = document.querySelector("[data-agenda]");
  if (!box) return;
  const says = box.querySelector("[data-agenda-says]");
  const days = [...box.querySelectorAll("[data-day]")];
  let moving = null; // {link, minutes, shown}: minutes on clocks since the year 1970, where the entry would begin

  const clockMinutes = (link) => Date.parse(`${link.dataset.on}T${link.dataset.at}Z`) / 60000;
  const written = (minutes) => new Date(minutes * 60000).toISOString();
  const words = new Intl.DateTimeFormat(document.documentElement.lang, {
    weekday: "long", day: "numeric", month: "long", hour: "2-digit", minute: "2-digit", timeZone: "UTC",
  });

  function leave() {
    moving?.shown?.remove();
    moving = null;
    says.textContent = "";
  }

  function preview(link, minutes) {
    moving?.shown?.remove();
    moving = { link, minutes, shown: null };
    says.textContent = says.dataset.words.replace("{when}", words.format(minutes * 60000));
    const day = days.find((one) => one.dataset.day === written(minutes).slice(0, 10));
    const place = getComputedStyle(link.parentElement);
    const line = (name) => Number(place.getPropertyValue(`--${name}-h`)) * 12 + Number(place.getPropertyValue(`--${name}-m`));
    const start = line("from") + ((minutes % DAY) - (clockMinutes(link) % DAY)) / 5;
    if (!day || start < 0) return;
    const shown = document.createElement("li");
    shown.className = "is-preview";
    shown.setAttribute("aria-hidden", "true");
    shown.textContent = written(minutes).slice(11, 16);
    shown.style.gridRow = `${start + 1} / ${start + 1 + line("to") - line("from")}`;
    day.querySelector("ol").append(shown);
    moving.shown = shown;
  }

  function confirm() {
    const at = written(moving.minutes);
    location.assign(`${moving.link.dataset.move}?on=${at.slice(0, 10)}&at=${at.slice(11, 16)}`);
  }

  const steps = { ArrowUp: -QUARTER, ArrowDown: QUARTER, ArrowLeft: -DAY, ArrowRight: DAY };
  box.addEventListener("keydown", (event) => {
    const link = event.target.closest("a[data-move]");
    if (!link || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key in steps) preview(link, (moving?.link === link ? moving.minutes : clockMinutes(link)) + steps[event.key]);
    else if (event.key === "Escape" && moving) leave();
    else if (event.key === "Enter" && moving?.link === link) confirm();
    else return;
    event.preventDefault();
  });
  box.addEventListener("focusout", leave);

  // By mouse or pen; a finger scrolls, and has the "Move" link of the list.
  let drag = null;
  box.addEventListener("pointerdown", (event) => {
    const link = event.target.closest("a[data-move]");
    if (link && event.button === 0 && event.pointerType !== "touch") drag = { link, x: event.clientX, y: event.clientY, is: false };
  });
  box.addEventListener("dragstart", (event) => event.preventDefault());
  addEventListener("pointermove", (event) => {
    if (!drag) return;
    if (!drag.is && Math.hypot(event.clientX - drag.x, event.clientY - drag.y) < 6) return;
    drag.is = true;
    const from = drag.link.closest("[data-day]");
    const to = days.find((day) => event.clientX < day.getBoundingClientRect().right) ?? days.at(-1);
    const five = parseFloat(getComputedStyle(drag.link.closest("ol")).gridAutoRows);
    const quarters = Math.round((event.clientY - drag.y) / (five * 3));
    preview(drag.link, clockMinutes(drag.link) + (Date.parse(to.dataset.day) - Date.parse(from.dataset.day)) / 60000 + quarters * QUARTER);
  });
  addEventListener("pointerup", () => {
    if (drag?.is && moving) confirm();
    setTimeout(() => (drag = null));
  });
  addEventListener("pointercancel", () => ((drag = null), leave()));
  box.addEventListener("click", (event) => drag?.is && event.preventDefault());
})();
