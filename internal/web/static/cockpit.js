// The cockpit live: figures that have changed since the page was drawn are told by the server and marked for a while. The map and the
// table beside them are drawn anew by the server.
(function () {
  'use strict';
  function show(told) {
    var asOf = document.getElementById('as-of');
    if (asOf) asOf.textContent = told.as_of;
    (told.figures || []).forEach(function (f) {
      var all = document.querySelectorAll('#cockpit [data-indicator="' + f.code + '"]');
      for (var i = 0; i < all.length; i++) {
        all[i].textContent = f.value;
        all[i].classList.add('yz-changed');
      }
      var growth = document.querySelectorAll('#cockpit [data-growth="' + f.code + '"]');
      for (var g = 0; g < growth.length; g++) growth[g].textContent = f.growth;
    });
    if (told.figures && told.figures.length && window.htmx) {
      window.htmx.ajax('GET', location.pathname + location.search, { target: '.yz-cockpit-map', select: '.yz-cockpit-map', swap: 'outerHTML' });
    }
  }
  document.addEventListener('DOMContentLoaded', function () {
    var box = document.getElementById('cockpit'), at = box && box.getAttribute('data-live');
    if (!at || !window.EventSource) return;
    var live = new EventSource(at);
    live.onmessage = function (e) { show(JSON.parse(e.data)); };
    window.addEventListener('pagehide', function () { live.close(); });
  });
})();
