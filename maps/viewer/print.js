// Print: a sheet of A4 across, light, with the whole network on it.

function preparePrint(view) {
  let before = null;
  window.addEventListener("beforeprint", () => {
    before = { centre: view.map.getCenter(), zoom: view.map.getZoom(), theme: view.theme, open: view.legend.open };
    view.map.closePopup();
    view.root.classList.add("printing");
    document.documentElement.classList.add("trunk-printing");
    view.legend.open = true;
    setTheme(view, "light");
    view.map.invalidateSize({ animate: false });
    fitNetwork(view);
  });
  window.addEventListener("afterprint", () => {
    if (!before) return;
    view.root.classList.remove("printing");
    document.documentElement.classList.remove("trunk-printing");
    view.legend.open = before.open;
    setTheme(view, before.theme);
    view.map.invalidateSize({ animate: false });
    view.map.setView(before.centre, before.zoom, { animate: false });
    before = null;
  });
}
