// Dark or light: as the system says until somebody says otherwise.

import { element, fill, icon } from "./element.js";

const KEY = "darkroom-theme";
const SYSTEM = matchMedia("(prefers-color-scheme: light)");

/** A button that switches the theme, and keeps the choice in this browser. */
export function themeButton() {
  const button = element("button", { type: "button", class: "icon-button" });
  apply(stored());
  const draw = () => {
    const light = isLight();
    button.setAttribute(
      "aria-label",
      light ? "Switch to the dark theme" : "Switch to the light theme",
    );
    fill(button, icon(light ? "moon" : "sun"));
  };
  button.addEventListener("click", () => {
    const theme = isLight() ? "dark" : "light";
    keep(theme);
    apply(theme);
    draw();
  });
  SYSTEM.addEventListener("change", draw);
  draw();
  return button;
}

function isLight() {
  const { theme } = document.documentElement.dataset;
  return theme ? theme === "light" : SYSTEM.matches;
}

function apply(theme) {
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
}

function stored() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // a browser may forbid storage; the theme then lasts for the visit
  }
}

function keep(theme) {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // see above
  }
}
