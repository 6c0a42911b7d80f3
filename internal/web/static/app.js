// What a script adds; every page works without it.
(function () {
  'use strict';

  // A slider beside an amount: moving one moves the other, and the form's own change does the rest.
  document.addEventListener('input', function (e) {
    var el = e.target;
    var pair = el.getAttribute && el.getAttribute('data-pair');
    if (!pair) return;
    var other = document.getElementById(pair), unit = el.getAttribute('data-unit') || '';
    if (!other) return;
    if (el.type === 'range') {
      other.value = el.value + unit;
      return;
    }
    var text = el.value.trim();
    if (unit && text.slice(-unit.length) === unit) text = text.slice(0, -unit.length).trim();
    if (/^\d+(\.\d+)?$/.test(text)) other.value = text;
  });

  // Sliders say nothing without a script, so they stand hidden until there is one.
  function showSliders(root) {
    var all = root.querySelectorAll('input[type=range][hidden]');
    for (var i = 0; i < all.length; i++) all[i].hidden = false;
  }

  // A slider over links, as of years: letting go of it follows the link at its place.
  document.addEventListener('change', function (e) {
    var row = e.target.getAttribute && e.target.getAttribute('data-links');
    if (!row) return;
    var links = document.querySelectorAll('#' + row + ' a');
    if (links[e.target.value]) links[e.target.value].click();
  });

  // A choice in a filter takes effect at once.
  document.addEventListener('change', function (e) {
    var form = e.target.form;
    if (form && form.hasAttribute('data-auto')) form.submit();
  });

  // Pages of visits are kept for one account (sw.js): those of another go once somebody else has signed in, and all of them on signing out.
  function keepFor(account) {
    if (!window.caches) return; // over plain http nothing is kept
    caches.keys().then(function (names) {
      names.forEach(function (name) {
        if (name.indexOf('yz-visit-') === 0 && name !== 'yz-visit-' + account) caches.delete(name);
      });
    }, function () { /* nothing is kept there */ });
  }
  var signedIn = document.querySelector('form[data-account]');
  if (signedIn) keepFor(signedIn.getAttribute('data-account'));

  // What was noted on a visit and not sent would go from this device with the session.
  document.addEventListener('submit', function (e) {
    var ask = e.target.getAttribute && e.target.getAttribute('data-unsent'), left = 0;
    if (!ask) return;
    try { left = Number(localStorage.getItem('yz-visit-unsent')) || 0; } catch (err) { /* nothing is kept there */ }
    if (left > 0 && !window.confirm(ask)) e.preventDefault();
    else keepFor('');
  });

  // The suggestions close on Escape and when the focus goes elsewhere.
  function closeSuggestions() {
    var box = document.getElementById('suggest');
    if (box) box.innerHTML = '';
  }
  document.addEventListener('keydown', function (e) {
    if (e.key === 'Escape') closeSuggestions();
  });
  document.addEventListener('click', function (e) {
    if (!e.target.closest('.yz-search')) closeSuggestions();
  });

  // Bars beside a table: the table's own cells are the data. Where only figures have moved, only bars do.
  function drawCharts(root) {
    if (!window.echarts) return;
    var boxes = root.querySelectorAll('[data-chart]');
    for (var i = 0; i < boxes.length; i++) draw(boxes[i]);
  }
  // Digits are parted as in the table.
  function parted(n) {
    var parts = String(n).split('.');
    parts[0] = parts[0].replace(/\B(?=(\d{3})+$)/g, '\u2009');
    return parts.join('.');
  }
  function draw(box) {
    var table = document.getElementById(box.getAttribute('data-chart'));
    if (!table) return;
    var names = [], series = [], heads = table.querySelectorAll('thead th[data-series]');
    for (var h = 0; h < heads.length; h++) series.push({ col: heads[h].cellIndex, name: heads[h].getAttribute('data-series') || heads[h].textContent.trim(), data: [] });
    var rows = table.querySelectorAll('tbody tr[data-bar]');
    for (var r = 0; r < rows.length; r++) {
      names.push(rows[r].cells[0].textContent.trim());
      for (var s = 0; s < series.length; s++) {
        var value = rows[r].cells[series[s].col].getAttribute('data-value');
        series[s].data.push(value === '' ? null : Number(value)); // what is not known is a gap
      }
    }
    box.hidden = !series.some(function (s) { return s.data.some(Boolean); });
    if (box.hidden) return; // an empty axis says nothing that the table does not
    var chart = window.echarts.getInstanceByDom(box), side = box.hasAttribute('data-side'), line = box.hasAttribute('data-line');
    var shape = JSON.stringify([names, series.map(function (s) { return s.name; })]), figures = JSON.stringify(series);
    if (chart && chart.yzFigures === figures && chart.yzShape === shape) return;
    if (chart && chart.yzShape === shape) {
      chart.setOption({ series: series.map(function (s) { return { data: s.data }; }) });
      chart.yzFigures = figures;
      return;
    }
    if (!chart) {
      chart = window.echarts.init(box, null, { renderer: 'svg' });
      new ResizeObserver(chart.resize.bind(chart, null)).observe(box); // the window's size, and a table beside it whose font has come
    }
    chart.yzShape = shape;
    chart.yzFigures = figures;
    // Names may be measured before their font has come: room for as many full-width characters as the longest has.
    var longest = line ? Math.max.apply(null, [].concat.apply([], series.map(function (s) { return s.data.map(function (n) { return parted(Math.round(n)).length / 1.6; }); })))
      : Math.max.apply(null, names.map(function (n) { return n.length; }));
    var colours = ['#1a5fb4', '#e3a36b', '#1c6b3c', '#a84300', '#76828f', '#7b9fc8'];
    chart.setOption({
      animation: false,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      grid: { left: longest * 12 + 16, right: 32, top: 28, bottom: 28 },
      legend: { top: 0, left: 0, itemHeight: 10, itemWidth: 14 },
      tooltip: { trigger: 'axis', axisPointer: { type: line ? 'line' : 'shadow' }, valueFormatter: function (n) { return n === null || n === undefined ? '—' : parted(n); } },
      aria: { enabled: true, decal: { show: series.length > 1 } },
      xAxis: line ? { type: 'category', data: names, boundaryGap: false } : { type: 'value', axisLabel: { formatter: parted } },
      yAxis: line ? { type: 'value', axisLabel: { formatter: parted } } : { type: 'category', data: names, inverse: true, axisTick: { show: false } },
      series: series.map(function (s, i) {
        if (line) return { name: s.name, type: 'line', data: s.data, lineStyle: { width: i ? 1.5 : 2.5, type: i ? 'dashed' : 'solid' }, symbol: i ? 'emptyCircle' : 'circle', symbolSize: 6, itemStyle: { color: colours[i % colours.length] } };
        return { name: s.name, type: 'bar', stack: side ? s.name : 'sum', data: s.data, barMaxWidth: 16, itemStyle: { color: colours[i % colours.length] } };
      })
    });
  }

  // While a hand moves, bars that nobody sees wait until they come into sight, or go to the printer.
  var sight = window.IntersectionObserver && new IntersectionObserver(function (boxes) {
    for (var i = 0; i < boxes.length; i++) {
      boxes[i].target.yzHidden = !boxes[i].isIntersecting;
      if (boxes[i].isIntersecting) draw(boxes[i].target);
    }
  }, { rootMargin: '300px' });
  function drawSeen() {
    if (!window.echarts) return;
    var boxes = document.querySelectorAll('[data-chart]');
    for (var i = 0; i < boxes.length; i++) {
      if (boxes[i].hidden || !boxes[i].yzHidden) draw(boxes[i]);
    }
  }
  window.addEventListener('beforeprint', function () { drawCharts(document); });

  function enhance(root) {
    showSliders(root);
    drawCharts(root);
    if (!sight || !window.echarts) return;
    var boxes = root.querySelectorAll('[data-chart]');
    for (var i = 0; i < boxes.length; i++) sight.observe(boxes[i]);
  }
  document.addEventListener('DOMContentLoaded', function () { enhance(document); });
  document.addEventListener('htmx:afterSwap', function (e) { enhance(e.target.parentNode || document); });
  // Figures that follow a hand are painted first; the bars come once they are, and once only where more figures came meanwhile.
  var bars = 0;
  document.addEventListener('yz:drawn', function () {
    showSliders(document);
    if (!bars) bars = requestAnimationFrame(function () {
      setTimeout(function () {
        bars = 0;
        drawSeen();
      }, 0);
    });
  });
})();
