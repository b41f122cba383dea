package appliance

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stigwatch/agent/appliance/rig"
)

const identityInside = "/mi/config-system/startup_config/identityconfig.xml"

// BenchmarkPass measures the steps between an event and an alert, in process.
func BenchmarkPass(b *testing.B) {
	dir := rig.New(b, "compliant")
	p, err := Build(optionsIn(dir))
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	snap, _ := p.Reader.All()
	p.Engine.Evaluate(context.Background(), snap, nil, time.Now())
	file := filepath.Join(dir, rig.Identity)
	good, err := os.ReadFile(file)
	if err != nil {
		b.Fatal(err)
	}
	texts := [][]byte{good, []byte(strings.Replace(string(good), ">15<", ">14<", 1))}
	b.Run("facts", func(b *testing.B) {
		for i := range b.N {
			b.StopTimer()
			if err := os.WriteFile(file, texts[i%2], 0o644); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
			p.Reader.Update([]string{identityInside})
		}
	})
	b.Run("facts and verdict", func(b *testing.B) {
		for i := range b.N {
			b.StopTimer()
			if err := os.WriteFile(file, texts[i%2], 0o644); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
			next, changed := p.Reader.Update([]string{identityInside})
			p.Engine.Evaluate(context.Background(), next, p.Engine.Affected(changed.Values), time.Now())
		}
	})
	b.Run("one rule", func(b *testing.B) {
		for range b.N {
			p.Engine.Forget()
			p.Engine.Evaluate(context.Background(), snap, []string{"V-250989"}, time.Now())
		}
	})
	b.Run("rules of one file", func(b *testing.B) {
		rules := p.Engine.Affected([]string{"mics.password_policy.min_length", "mics.users", "mics.password_policy.special_required",
			"mics.password_policy.max_attempts", "mics.password_policy.upper_required", "mics.password_policy.lower_required", "mics.password_policy.digit_required"})
		for range b.N {
			p.Engine.Forget()
			p.Engine.Evaluate(context.Background(), snap, rules, time.Now())
		}
	})
	b.Run("all rules, nothing changed", func(b *testing.B) {
		for range b.N {
			p.Engine.Evaluate(context.Background(), snap, nil, time.Now())
		}
	})
	b.Run("all rules", func(b *testing.B) {
		for range b.N {
			p.Engine.Forget()
			p.Engine.Evaluate(context.Background(), snap, nil, time.Now())
		}
	})
}
