// A page of figures that stays true while it stands open: what has changed since it was drawn is told by the server and marked for a while,
// and what the server draws (the map, the table beside it) is asked for anew. [data-live] is the stream, data-live-part what is drawn anew.
(function () {
  'use strict';
  var live = null, now = '';

  function show(box, told) {
    var asOf = document.getElementById('as-of');
    if (asOf) asOf.textContent = told.as_of;
    var part = box.getAttribute('data-live-part');
    if (window.htmx && document.querySelector(part)) {
      window.htmx.ajax('GET', location.pathname + location.search, { target: part, select: part, swap: 'outerHTML' }).then(function () { mark(told); });
    }
    mark(told);
  }
  function mark(told) {
    (told.figures || []).forEach(function (f) {
      var all = document.querySelectorAll('[data-indicator="' + f.code + '"]');
      for (var i = 0; i < all.length; i++) {
        all[i].textContent = f.value;
        all[i].classList.add('yz-changed');
      }
      var growth = document.querySelectorAll('[data-growth="' + f.code + '"]');
      for (var g = 0; g < growth.length; g++) growth[g].textContent = f.growth;
    });
  }
  // Another year or area is another stream; the same page drawn anew keeps the one it has.
  function follow() {
    var box = document.querySelector('[data-live]'), at = box ? box.getAttribute('data-live') : '';
    var what = at.replace(/&since=\d+$/, '');
    if (what === now || !window.EventSource) return;
    if (live) live.close();
    now = what;
    live = at ? new EventSource(at) : null;
    if (live) live.onmessage = function (e) { show(document.querySelector('[data-live]') || box, JSON.parse(e.data)); };
  }
  document.addEventListener('DOMContentLoaded', follow);
  document.addEventListener('htmx:afterSettle', follow);
  window.addEventListener('pagehide', function () { if (live) live.close(); });
})();
