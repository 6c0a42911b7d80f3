package api

import (
	"context"
	"net/http"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/policy/lab"
)

// SavedScenario is a scenario that was kept.
type SavedScenario struct {
	ID       int64    `json:"id" example:"71"`
	Revision int64    `json:"revision" example:"1" doc:"每改一次加一；改动时带上所看的这一个 · goes up with each change; a change names the one that you looked at"`
	By       string   `json:"by" example:"王敏"`
	At       string   `json:"at" format:"date-time" example:"2024-10-31T09:00:00+08:00"`
	Dropped  bool     `json:"dropped" example:"false" doc:"已删去，可以恢复 · thrown away; it can be restored"`
	Law      string   `json:"law" example:"9f86d081884c7d65" doc:"保存时现行政策文件包的摘要；与现在的不同则政策已变 · of the package in force when it was saved: another now says that the law has changed"`
	Hash     string   `json:"hash" example:"9f86d081884c7d65"`
	Scenario Scenario `json:"scenario"`
}

func (s *server) savedOf(ctx context.Context, x lab.Saved, names people) (SavedScenario, error) {
	by, err := s.nameOf(ctx, names, x.Owner)
	return SavedScenario{x.ID, x.Revision, by, instant(x.At), x.Dropped, x.Law, x.Scenario.Hash(), scenarioOf(x.Scenario)}, err
}

type savedOut struct{ Body SavedScenario }

func (s *server) showSaved(ctx context.Context, x lab.Saved, err error) (*savedOut, error) {
	if err != nil {
		return nil, err
	}
	body, err := s.savedOf(ctx, x, people{})
	return &savedOut{Body: body}, err
}

type savedListIn struct {
	Policy string `query:"policy" maxLength:"100" example:"yancheng-2022-6" doc:"只列这份政策的 · only those of this policy"`
}

type savedListOut struct {
	Body struct {
		Items []SavedScenario `json:"items" nullable:"false"`
	}
}

// listScenarios is the scenarios that the caller may read, newest first.
func (s *server) listScenarios(ctx context.Context, c *caller, in *savedListIn) (*savedListOut, error) {
	all, err := s.Scenarios.List(ctx, c.scope, in.Policy)
	if err != nil {
		return nil, err
	}
	out, names := &savedListOut{}, people{}
	out.Body.Items = []SavedScenario{}
	for _, x := range all {
		shown, err := s.savedOf(ctx, x, names)
		if err != nil {
			return nil, err
		}
		out.Body.Items = append(out.Body.Items, shown)
	}
	return out, nil
}

func (s *server) getScenario(ctx context.Context, c *caller, in *idIn) (*savedOut, error) {
	x, err := s.Scenarios.Get(ctx, c.scope, in.ID)
	return s.showSaved(ctx, x, err)
}

type saveIn struct{ Body Scenario }

type createdScenario struct {
	Location string `header:"Location"`
	Body     SavedScenario
}

func (s *server) saveScenario(ctx context.Context, c *caller, in *saveIn) (*createdScenario, error) {
	scenario, err := s.scenario(c, in.Body)
	if err != nil {
		return nil, err
	}
	x, err := s.Scenarios.Save(ctx, c.scope, scenario)
	if err != nil {
		return nil, err
	}
	body, err := s.savedOf(ctx, x, people{})
	return &createdScenario{Location: Prefix + "/scenarios/" + strconv.FormatInt(x.ID, 10), Body: body}, err
}

type replaceIn struct {
	ID       int64 `path:"id" minimum:"1" example:"71"`
	Revision int64 `query:"revision" required:"true" minimum:"1" example:"1"`
	Body     Scenario
}

func (s *server) replaceScenario(ctx context.Context, c *caller, in *replaceIn) (*savedOut, error) {
	scenario, err := s.scenario(c, in.Body)
	if err != nil {
		return nil, err
	}
	x, err := s.Scenarios.Replace(ctx, c.scope, in.ID, in.Revision, scenario)
	return s.showSaved(ctx, x, err)
}

func (s *server) dropScenario(ctx context.Context, c *caller, in *idIn) (*struct{}, error) {
	return nil, s.Scenarios.Drop(ctx, c.scope, in.ID)
}

func (s *server) restoreScenario(ctx context.Context, c *caller, in *idIn) (*struct{}, error) {
	return nil, s.Scenarios.Restore(ctx, c.scope, in.ID)
}

// draftScenario makes a draft of the policy that says what the scenario says.
func (s *server) draftScenario(ctx context.Context, c *caller, in *saveIn) (*createdVersion, error) {
	scenario, err := s.scenario(c, in.Body)
	if err != nil {
		return nil, err
	}
	m, err := s.at(ctx, c, Knowledge{})
	if err != nil {
		return nil, err
	}
	v, err := s.Lab.Draft(ctx, c.scope, m.Seq(), scenario)
	if err != nil {
		return nil, err
	}
	return s.drafted(ctx, c, v)
}

func (s *server) registerSaved() {
	read, write := access.Need{Action: access.ReadDraft}, access.Need{Action: access.DraftPolicy}
	handle(s, operation{id: "list_scenarios", tag: "scenarios", method: http.MethodGet, path: "/scenarios", need: read}, s.listScenarios)
	handle(s, operation{id: "save_scenario", tag: "scenarios", method: http.MethodPost, path: "/scenarios", need: write, status: http.StatusCreated, body: scenarioLimit, once: true}, s.saveScenario)
	handle(s, operation{id: "get_scenario", tag: "scenarios", method: http.MethodGet, path: "/scenarios/{id}", need: read}, s.getScenario)
	handle(s, operation{id: "replace_scenario", tag: "scenarios", method: http.MethodPut, path: "/scenarios/{id}", need: write, body: scenarioLimit}, s.replaceScenario)
	handle(s, operation{id: "drop_scenario", tag: "scenarios", method: http.MethodDelete, path: "/scenarios/{id}", need: write, status: http.StatusNoContent}, s.dropScenario)
	handle(s, operation{id: "restore_scenario", tag: "scenarios", method: http.MethodPost, path: "/scenarios/{id}/restore", need: write, status: http.StatusNoContent}, s.restoreScenario)
	handle(s, operation{id: "draft_scenario", tag: "scenarios", method: http.MethodPost, path: "/scenarios/draft", need: write, status: http.StatusCreated, body: scenarioLimit, once: true}, s.draftScenario)
}
