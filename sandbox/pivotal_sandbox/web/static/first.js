// Before anything is painted: that there is a script, and the theme that was chosen.
document.documentElement.classList.add("scripted");
try { if (localStorage.theme) document.documentElement.dataset.theme = localStorage.theme; } catch { /* nothing is kept here */ }
