// Tells the site around a frame how high it is: one number, to that site alone. What is folded away has no height to tell.
(() => {
  "use strict";
  const { site } = document.currentScript.dataset;
  const above = location.ancestorOrigins;
  if (parent === self || (above && above[0] !== site)) return;
  let told = 0;
  function tell() {
    const { width, height: exact } = document.body.getBoundingClientRect();
    const height = Math.ceil(exact);
    if (width >= 100 && height !== told) parent.postMessage((told = height), site);
  }
  new ResizeObserver(tell).observe(document.body);
  tell();
})();
