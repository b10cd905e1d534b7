// Makes a ranking a list that is dragged by mouse or finger, or moved by buttons. The selects stay what is sent.
(() => {
  "use strict";

  const make = (name, words, className = "") => {
    const element = document.createElement(name);
    element.textContent = words;
    element.className = className;
    return element;
  };
  const button = (words, of, className) => {
    const made = make("button", words, `button small ${className}`);
    made.type = "button";
    made.append(Object.assign(make("span", ` ${of}`, "only-heard")));
    return made;
  };

  function enhance(source) {
    const selects = [...source.querySelectorAll("select")];
    const options = [...selects[0].options].filter((one) => one.value);
    const words = Object.fromEntries(options.map((one) => [one.value, one.textContent.trim()]));
    const { up, down, out, at, gone } = source.dataset;
    const frame = make("div", "", "ranked");
    const placed = make("ol", "", "ranked-places");
    const none = make("p", source.dataset.empty, "soft");
    const rest = make("div", "", "row");
    const heard = make("p", "", "only-heard");
    heard.setAttribute("role", "status");
    rest.setAttribute("role", "group");
    rest.setAttribute("aria-label", source.dataset.rest);
    frame.append(placed, none, rest, heard);

    const order = () => selects.map((one) => one.value).filter(Boolean);
    const write = (values, spoken) => {
      selects.forEach((one, index) => { one.value = values[index] ?? ""; });
      draw();
      if (spoken) {
        const place = values.indexOf(spoken) + 1;
        heard.textContent = place ? `${words[spoken]} ${at} ${place}` : `${words[spoken]} ${gone}`;
      }
      selects[0].dispatchEvent(new Event("change", { bubbles: true }));
    };
    const move = (value, to) => {
      const values = order().filter((one) => one !== value);
      values.splice(Math.max(0, Math.min(to, values.length)), 0, value);
      write(values, value);
    };
    const focus = (value, kind) => {
      const item = [...placed.children].find((one) => one.dataset.value === value);
      const wanted = item?.querySelector(`.${kind}:not(:disabled)`) ?? item?.querySelector("button:not(:disabled)");
      wanted?.focus();
    };

    function draw() {
      const values = order();
      placed.replaceChildren(...values.map((value, index) => {
        const item = make("li", "");
        item.dataset.value = value;
        const name = make("span", words[value], "ranked-name");
        name.dir = "auto";
        const acts = make("span", "", "row tight");
        [[up, "up", index - 1, index === 0], [down, "down", index + 1, index === values.length - 1]].forEach(([label, kind, to, off]) => {
          const one = button(label, words[value], kind);
          one.disabled = off;
          one.addEventListener("click", () => { move(value, to); focus(value, kind); });
          acts.append(one);
        });
        const away = button(out, words[value], "plain out");
        away.addEventListener("click", () => { write(values.filter((one) => one !== value), value); rest.querySelector("button")?.focus(); });
        acts.append(away);
        const grip = make("span", "⋮⋮", "grip");
        grip.setAttribute("aria-hidden", "true");
        grip.addEventListener("pointerdown", (event) => drag(event, item));
        item.append(grip, name, acts);
        return item;
      }));
      none.hidden = values.length > 0;
      rest.replaceChildren(...options.filter((one) => !values.includes(one.value)).map((one) => {
        const add = button(source.dataset.in, "", "in");
        add.prepend(`${words[one.value]}: `);
        add.disabled = values.length >= selects.length;
        add.addEventListener("click", () => { move(one.value, values.length); focus(one.value, "up"); });
        return add;
      }));
    }

    function drag(event, item) {
      if (event.button !== 0) return;
      event.preventDefault();
      item.classList.add("dragged");
      const follow = (moved) => {
        const over = [...placed.children].find((one) => {
          const box = one.getBoundingClientRect();
          return one !== item && moved.clientY > box.top && moved.clientY < box.bottom;
        });
        if (!over) return;
        const box = over.getBoundingClientRect();
        if (moved.clientY > box.top + box.height / 2) over.after(item);
        else over.before(item);
      };
      const drop = (ended) => {
        removeEventListener("pointermove", follow);
        removeEventListener("pointerup", drop);
        removeEventListener("pointercancel", drop);
        item.classList.remove("dragged");
        if (ended.type === "pointerup") write([...placed.children].map((one) => one.dataset.value), item.dataset.value);
        else draw();
      };
      addEventListener("pointermove", follow);
      addEventListener("pointerup", drop);
      addEventListener("pointercancel", drop);
    }

    source.hidden = true;
    source.after(frame);
    draw();
  }

  document.querySelectorAll("[data-ranking]").forEach(enhance);
})();
