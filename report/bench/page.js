// A table that is wider than the screen gets a sign.
(function () {
  "use strict";
  function sign() {
    document.querySelectorAll(".scroll").forEach(function (box) { box.classList.toggle("wide", box.scrollWidth > box.clientWidth + 1); });
  }
  window.addEventListener("resize", sign);
  document.addEventListener("toggle", sign, true);
  sign();
})();

(function () {
  "use strict";
  var form = document.getElementById("calculator"), source = document.getElementById("measured");
  if (!form || !source) return;
  var measured = JSON.parse(source.textContent);
  if (!measured.scenarios || !measured.builds) return;
  var rows = form.querySelectorAll("tbody tr");

  function digits(x) {
    var a = Math.abs(x);
    if (a === 0) return "0";
    return x.toFixed(a >= 99.95 ? 0 : a >= 9.995 ? 1 : a >= 0.9995 ? 2 : Math.min(8, 2 - Math.floor(Math.log10(a))));
  }
  function memory(x) {
    var units = ["B", "KiB", "MiB", "GiB", "TiB"], i = 0;
    while (x >= 1000 && i < units.length - 1) { x /= 1024; i++; }
    return digits(x) + " " + units[i];
  }
  function show(cells, at, triple, factor, write) {
    var ok = triple[1] !== null && isFinite(factor) && factor >= 0;
    cells[at].textContent = ok ? write(triple[1] * factor) : "–";
    cells[at + 1].textContent = ok && triple[0] !== null && triple[2] !== null ?
      write(triple[0] * factor) + " to " + write(triple[2] * factor) : "–";
  }
  function compute() {
    var rate = parseFloat(form.elements.rate.value), workers = parseFloat(form.elements.workers.value);
    var scenario = +form.elements.scenario.value;
    measured.builds.forEach(function (build, i) {
      var cells = rows[i].querySelectorAll("td");
      var nanos = build.nanos[scenario], proxies = Math.max(1, Math.ceil(nanos[1] * rate / 1e9 / workers));
      var known = nanos[1] !== null && rate >= 0 && workers >= 1 && isFinite(proxies);
      show(cells, 0, nanos, known ? rate / 1e9 : NaN, digits);
      cells[2].textContent = known ? proxies : "–";
      show(cells, 3, build.vm, known ? proxies * (workers + 1) : NaN, memory);
    });
  }
  form.addEventListener("input", compute);
  form.addEventListener("submit", function (e) { e.preventDefault(); });
  form.hidden = false;
  compute();
})();
