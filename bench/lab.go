package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"time"

	"github.com/chromedp/chromedp"
)

const (
	labFirms = 100_000
	labMoves = 150
	labFirst = 10 * time.Minute // for the first result of the region
)

// moveSlider moves a slider of the laboratory as a hand does, one place after the other, and gives for each the milliseconds
// from the input event until the figures that follow from it were drawn.
const moveSlider = `(async function (id, moves) {
	var slider = document.getElementById(id), took = [];
	function move(value) {
		return new Promise(function (done) {
			var was = document.getElementById('lab-total').getAttribute('data-scenario'), began = performance.now();
			var watch = new MutationObserver(function () {
				var now = document.getElementById('lab-total');
				if (!now || now.getAttribute('data-scenario') === was) return;
				watch.disconnect();
				requestAnimationFrame(function () { setTimeout(function () { done(performance.now() - began); }, 0); });
			});
			watch.observe(document.querySelector('.yz-lab-result'), { childList: true, attributes: true, subtree: true });
			slider.value = value;
			slider.dispatchEvent(new Event('input', { bubbles: true }));
		});
	}
	for (var i = 0; i < moves; i++) took.push(await move(Number(slider.min) + (i + 1) * Number(slider.step)));
	return took;
})(%q, %d)`

const signInAsCity = `fetch('/sign-in', {method: 'POST', body: new URLSearchParams({
	login: 'city', password: document.querySelector('input[name=password][value]').value
})}).then(function (r) { return r.ok })`

// measureLab drives Chromium over the demo: from a move of a slider to the figures that follow, drawn.
func measureLab(ctx context.Context, b *bench) error {
	s, err := startDemo(ctx, b, labFirms)
	if err != nil {
		return err
	}
	return errors.Join(s.measureLab(ctx, b), s.stop())
}

func (s *server) measureLab(ctx context.Context, b *bench) error {
	path, err := chromium()
	if err != nil {
		return err
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true))
	alloc, stop := chromedp.NewExecAllocator(ctx, opts...)
	defer stop()
	tab, leave := chromedp.NewContext(alloc)
	defer leave()
	if err := chromedp.Do(tab, chromedp.EmulateViewport(1440, 900), chromedp.Navigate(s.url+"/sign-in")); err != nil {
		return fmt.Errorf("open the browser: %w", err)
	}
	if in, err := chromedp.Run(tab, chromedp.Evaluate[bool](signInAsCity, chromedp.EvalAwaitPromise)); err != nil || !in {
		return fmt.Errorf("sign in: %t, %w", in, err)
	}
	began := time.Now()
	if err := chromedp.Do(tab, chromedp.Navigate(s.url+"/policies/yancheng-2022-6/lab")); err != nil {
		return fmt.Errorf("open the laboratory: %w", err)
	}
	if _, err := chromedp.Run(tab, chromedp.Poll[bool](`!!document.querySelector('#lab-total[data-scenario]')`, chromedp.WithPollingTimeout(labFirst))); err != nil {
		return fmt.Errorf("wait for the first result: %w", err)
	}
	b.note("lab", fmt.Sprintf("%d firms: laboratory opened for the first time", labFirms), time.Since(began).Round(10*time.Millisecond).String())
	for _, dial := range []struct{ what, id string }{
		{"threshold of a clause", "p:min_input:range"}, {"rate of a year", "p:investment_rate:2023:range"}, {"ceiling", "p:investment_ceiling:range"},
	} {
		took, err := chromedp.Run(tab, chromedp.Evaluate[[]float64](fmt.Sprintf(moveSlider, dial.id, labMoves), chromedp.EvalAwaitPromise))
		if err != nil {
			return fmt.Errorf("move the %s: %w", dial.what, err)
		}
		slices.Sort(took)
		b.note("lab", fmt.Sprintf("%d firms: %s moved %d times, input event to drawn figures, p50 / p95 / p99", labFirms, dial.what, len(took)),
			fmt.Sprintf("%.0f ms / %.0f ms / %.0f ms", took[len(took)/2], took[len(took)*95/100], took[len(took)*99/100]))
	}
	return nil
}

// chromium is the browser of the system, or the one that CHROMIUM names.
func chromium() (string, error) {
	if path := os.Getenv("CHROMIUM"); path != "" {
		return path, nil
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("no Chromium on this machine: install chromium, or name one in CHROMIUM")
}
