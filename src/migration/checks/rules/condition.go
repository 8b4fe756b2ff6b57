package rules

// Condition says which migrations an entry of a data file is about: all of its
// parts must be fulfilled. A part that is left out is always fulfilled.
type Condition struct {
	Source Range  `json:"source"` // Of the source controller.
	Target Range  `json:"target"` // Of the target controller.
	Model  Range  `json:"model"`  // Of the model's agents.
	Type   string `json:"type"`   // iaas or caas.
	// Clouds are types of clouds: the model's must be one of these.
	Clouds []string `json:"clouds"`
	Holds  []Kind   `json:"holds"` // The model must contain one of these.
}

// versions matches the versions alone.
func (c Condition) versions(f Facts) Fit {
	return c.Source.Take(f.Source).and(c.Target.Take(f.Target)).and(c.Model.Take(f.Model))
}

// contents matches the type and the contents of the model.
func (c Condition) contents(f Facts) Fit {
	out := is(c.Type, f.Type)
	if len(c.Clouds) > 0 {
		in := FitsNot
		for _, cloud := range c.Clouds {
			in = in.or(is(cloud, f.Cloud))
		}
		out = out.and(in)
	}
	if len(c.Holds) > 0 {
		out = out.and(f.holds(c.Holds))
	}
	return out
}

func is(wanted, got string) Fit {
	switch {
	case wanted == "" || wanted == got:
		return Fits
	case got == "":
		return FitUnknown
	default:
		return FitsNot
	}
}

// Side reports which controller has a fault, and is therefore the one to upgrade.
type Side string

// The sides.
const (
	OnSource    Side = "source"
	OnTarget    Side = "target"
	OnBoth      Side = "both"      // It is over when both have the fix.
	OnConsumers Side = "consumers" // The controllers of models that use the model's offers: their versions are not known.
)

// fault reports whether the controllers on the side have the fault.
func (s Side) fault(fixed Fixed, f Facts) Fit {
	switch s {
	case OnSource:
		return fixed.in(f.Source)
	case OnTarget:
		return fixed.in(f.Target)
	case OnBoth:
		return fixed.in(f.Source).or(fixed.in(f.Target))
	default:
		return Fits
	}
}
