// What mdBook's page lacks for readers who use the keyboard or a screen reader. Without scripts the page reads as well.
"use strict";

(() => {
  // The bar at the top is a landmark.
  document.getElementById("mdbook-menu-bar")?.setAttribute("role", "banner");

  // The contents' switch is a label, which the keyboard does not reach: a button stands in for it.
  const label = document.getElementById("mdbook-sidebar-toggle");
  if (label) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "icon-button";
    button.title = label.title;
    button.append(...label.childNodes);
    const mirror = () => {
      for (const name of ["aria-label", "aria-controls", "aria-expanded"]) {
        button.setAttribute(name, label.getAttribute(name));
      }
    };
    mirror();
    new MutationObserver(mirror).observe(label, { attributes: true });
    button.addEventListener("click", () => label.click());
    label.before(button);
    label.hidden = true;
    label.style.display = "none";
  }

  // What scrolls sideways can be scrolled by the keyboard: it takes the focus, and has a name.
  const NAMES = [
    ["pre > code", "Listing"],
    ["pre.output", "Output"],
    [".output", "Output"],
    [".formula", "Formula"],
    [".table-wrapper", "Table"],
  ];
  const reach = () => {
    for (const [selector, name] of NAMES) {
      for (const element of document.querySelectorAll(`main ${selector}`)) {
        if (element.scrollWidth > element.clientWidth + 1) {
          element.tabIndex = 0;
          if (!element.hasAttribute("role") && element.localName !== "figure") {
            element.setAttribute("role", "group");
            element.setAttribute("aria-label", name);
          }
        }
      }
    }
  };
  addEventListener("load", reach);
  addEventListener("resize", reach);
  // A folded solution is measured once it opens.
  document.addEventListener("toggle", reach, true);
})();
