// Puts the line of a picture where the author was writing.
document.addEventListener("click", (event) => {
  const line = event.target.closest("[data-inserts]")?.dataset.inserts;
  const text = document.getElementById("body");
  if (!line || !text) return;
  const before = text.value.slice(0, text.selectionStart).trimEnd();
  const after = text.value.slice(text.selectionEnd).trimStart();
  text.value = [before, line, after].filter(Boolean).join("\n\n");
  text.focus();
  const end = (before ? before.length + 2 : 0) + line.length;
  text.setSelectionRange(end, end);
});
