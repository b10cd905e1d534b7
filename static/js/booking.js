// Opens a page of free times in the reader's own zone, as its address then says. Not deferred, so that nothing is drawn twice.
(() => {
  "use strict";
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!own || own === "Etc/Unknown" || own === document.currentScript.dataset.shown) return;
  const address = new URL(location.href);
  if (address.searchParams.has("zone")) return;
  address.searchParams.set("zone", own);
  location.replace(address);
})();
