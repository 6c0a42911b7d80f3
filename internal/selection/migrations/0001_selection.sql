-- Schemes and rubrics under the hash of their bytes. Rows are never changed.
CREATE TABLE selection_definition (
  hash VARCHAR(64) NOT NULL PRIMARY KEY,
  code VARCHAR(64) NOT NULL,
  body TEXT        NOT NULL
);
-- The pool of experts. label is what an expert is called here; belongs is JSON, names of what the expert belongs to.
CREATE TABLE selection_expert (
  id       BIGINT      NOT NULL PRIMARY KEY,
  label    TEXT        NOT NULL,
  account  BIGINT      NOT NULL,
  party    BIGINT      NOT NULL,
  belongs  TEXT        NOT NULL,
  area     VARCHAR(64) NOT NULL,
  county   VARCHAR(64) NOT NULL,
  joined   BIGINT      NOT NULL,
  left_at  BIGINT      NOT NULL,
  why_left TEXT        NOT NULL
);
CREATE INDEX selection_expert_account ON selection_expert (account);
-- That an expert has an interest in an enterprise. Rows are never changed.
CREATE TABLE selection_interest (
  expert_id BIGINT NOT NULL REFERENCES selection_expert (id),
  party     BIGINT NOT NULL,
  at        BIGINT NOT NULL,
  reason    TEXT   NOT NULL,
  PRIMARY KEY (expert_id, party)
);
-- A round: a scheme in a year and an area. The seed is not shown before pool, the experts of the draw as JSON, is set.
-- closes is the last day of nominations, instants are milliseconds UTC, 0 for not yet.
CREATE TABLE selection_round (
  id          BIGINT      NOT NULL PRIMARY KEY,
  scheme      VARCHAR(64) NOT NULL,
  scheme_hash VARCHAR(64) NOT NULL REFERENCES selection_definition (hash),
  rubric_hash VARCHAR(64) NOT NULL REFERENCES selection_definition (hash),
  year        INTEGER     NOT NULL,
  area        VARCHAR(64) NOT NULL,
  case_id     BIGINT      NOT NULL,
  quota       INTEGER     NOT NULL,
  per_county  INTEGER     NOT NULL,
  closes      BIGINT      NOT NULL,
  commitment  VARCHAR(64) NOT NULL,
  seed        VARCHAR(64) NOT NULL,
  roll        VARCHAR(64) NOT NULL,
  pool        TEXT        NOT NULL,
  state       VARCHAR(16) NOT NULL,
  opened_at   BIGINT      NOT NULL,
  drawn_at    BIGINT      NOT NULL,
  ranked_at   BIGINT      NOT NULL,
  decided_at  BIGINT      NOT NULL,
  document    TEXT        NOT NULL
);
CREATE UNIQUE INDEX selection_round_key ON selection_round (scheme, year, area);
-- A nomination. item is the person, "" for the enterprise itself. material and checks are JSON. number is what experts
-- know it by, 0 before the draw. noticed is the day on which the notice with it began, 0 before.
-- objected is since when an objection is open.
CREATE TABLE selection_nomination (
  id         BIGINT      NOT NULL PRIMARY KEY,
  round_id   BIGINT      NOT NULL REFERENCES selection_round (id),
  case_id    BIGINT      NOT NULL,
  party      BIGINT      NOT NULL,
  item       VARCHAR(200) NOT NULL,
  made_by    VARCHAR(16) NOT NULL,
  county     VARCHAR(64) NOT NULL,
  at         BIGINT      NOT NULL,
  state      VARCHAR(16) NOT NULL,
  material   TEXT        NOT NULL,
  checks     TEXT        NOT NULL,
  number     INTEGER     NOT NULL,
  noticed    BIGINT      NOT NULL,
  objected   BIGINT      NOT NULL,
  out_at     BIGINT      NOT NULL,
  out_why    VARCHAR(16) NOT NULL,
  out_reason TEXT        NOT NULL
);
CREATE UNIQUE INDEX selection_nomination_key ON selection_nomination (round_id, party, item);
CREATE INDEX selection_nomination_party ON selection_nomination (party);
-- Who judges what. A seat that ended stays: its sheets do not count.
CREATE TABLE selection_seat (
  nomination_id BIGINT NOT NULL REFERENCES selection_nomination (id),
  expert_id     BIGINT NOT NULL REFERENCES selection_expert (id),
  at            BIGINT NOT NULL,
  ended_at      BIGINT NOT NULL,
  PRIMARY KEY (nomination_id, expert_id)
);
CREATE INDEX selection_seat_expert ON selection_seat (expert_id, nomination_id);
-- What an expert gave, as JSON by item; the newest of an expert counts. Rows are never changed.
CREATE TABLE selection_sheet (
  id            BIGINT NOT NULL PRIMARY KEY,
  nomination_id BIGINT NOT NULL REFERENCES selection_nomination (id),
  expert_id     BIGINT NOT NULL REFERENCES selection_expert (id),
  at            BIGINT NOT NULL,
  points        TEXT   NOT NULL,
  remark        TEXT   NOT NULL
);
CREATE INDEX selection_sheet_nomination ON selection_sheet (nomination_id, expert_id, id);
-- The ranking: total in ten-thousandths of a point, the exact total as a fraction, the means of the items and what decided
-- a tie with the next as JSON. Rows are never changed.
CREATE TABLE selection_place (
  nomination_id BIGINT  NOT NULL PRIMARY KEY REFERENCES selection_nomination (id),
  round_id      BIGINT  NOT NULL REFERENCES selection_round (id),
  place         INTEGER NOT NULL,
  total         BIGINT  NOT NULL,
  exact         TEXT    NOT NULL,
  items         TEXT    NOT NULL,
  tie           TEXT    NOT NULL
);
CREATE UNIQUE INDEX selection_place_round ON selection_place (round_id, place);
-- A title that was given, with the honour that the facts are about. Days; 0 for none.
CREATE TABLE selection_title (
  id            BIGINT      NOT NULL PRIMARY KEY,
  nomination_id BIGINT      NOT NULL REFERENCES selection_nomination (id),
  round_id      BIGINT      NOT NULL REFERENCES selection_round (id),
  party         BIGINT      NOT NULL,
  item          VARCHAR(200) NOT NULL,
  title         VARCHAR(64) NOT NULL,
  honour        BIGINT      NOT NULL,
  given_on      BIGINT      NOT NULL,
  valid_until   BIGINT      NOT NULL,
  ended_on      BIGINT      NOT NULL,
  end_reason    TEXT        NOT NULL
);
CREATE UNIQUE INDEX selection_title_nomination ON selection_title (nomination_id);
CREATE INDEX selection_title_party ON selection_title (party);
-- That a title was looked at again. Rows are never changed.
CREATE TABLE selection_recheck (
  id       BIGINT  NOT NULL PRIMARY KEY,
  title_id BIGINT  NOT NULL REFERENCES selection_title (id),
  case_id  BIGINT  NOT NULL,
  at       BIGINT  NOT NULL,
  actor    BIGINT  NOT NULL,
  passed   INTEGER NOT NULL,
  note     TEXT    NOT NULL
);
CREATE INDEX selection_recheck_title ON selection_recheck (title_id, id);
-- Who is cultivated on which ladder: one entry while it lasts. gone_at 0 while in.
CREATE TABLE pool_entry (
  id      BIGINT      NOT NULL PRIMARY KEY,
  ladder  VARCHAR(64) NOT NULL,
  party   BIGINT      NOT NULL,
  step    VARCHAR(64) NOT NULL,
  at      BIGINT      NOT NULL,
  gone_at BIGINT      NOT NULL,
  events  BIGINT      NOT NULL
);
CREATE INDEX pool_entry_ladder ON pool_entry (ladder, gone_at, party);
CREATE INDEX pool_entry_party ON pool_entry (party);
-- What happened to an entry, numbered from 1: it came in, changed its step, went. Rows are never changed.
CREATE TABLE pool_event (
  entry_id BIGINT      NOT NULL REFERENCES pool_entry (id),
  n        BIGINT      NOT NULL,
  kind     VARCHAR(16) NOT NULL,
  step     VARCHAR(64) NOT NULL,
  at       BIGINT      NOT NULL,
  actor    BIGINT      NOT NULL,
  case_id  BIGINT      NOT NULL,
  reason   TEXT        NOT NULL,
  PRIMARY KEY (entry_id, n)
);
