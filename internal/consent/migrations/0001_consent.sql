-- Instants are milliseconds since 1970 UTC. A consent is never changed: it ends, by itself (until_at) or before (ended_at > 0).
-- facts is codes of definitions with a space between, sorted. case_id is the case it was given in, 0 for none.
CREATE TABLE consent_grant (
  id       BIGINT       NOT NULL PRIMARY KEY,
  owner_id BIGINT       NOT NULL,
  to_id    BIGINT       NOT NULL,
  purpose  VARCHAR(64)  NOT NULL,
  facts    TEXT         NOT NULL,
  case_id  BIGINT       NOT NULL,
  given_at BIGINT       NOT NULL,
  given_by BIGINT       NOT NULL,
  until_at BIGINT       NOT NULL
);
CREATE INDEX consent_grant_owner ON consent_grant (owner_id, id);
CREATE INDEX consent_grant_to ON consent_grant (to_id, id);
CREATE INDEX consent_grant_case ON consent_grant (case_id);
CREATE TABLE consent_end (
  grant_id BIGINT NOT NULL PRIMARY KEY REFERENCES consent_grant (id),
  at       BIGINT NOT NULL,
  by_id    BIGINT NOT NULL,
  reason   TEXT   NOT NULL
);
-- party_id is 0 for a reading of more enterprises than are told apart; areas is then where they lie, else ''.
-- grant_id and emergency_id are what it was done under, 0 for the reader's own rights.
CREATE TABLE consent_reading (
  id           BIGINT       NOT NULL PRIMARY KEY,
  at           BIGINT       NOT NULL,
  account_id   BIGINT       NOT NULL,
  role         VARCHAR(32)  NOT NULL,
  party_id     BIGINT       NOT NULL,
  areas        TEXT         NOT NULL,
  facts        TEXT         NOT NULL,
  place        VARCHAR(200) NOT NULL,
  grant_id     BIGINT       NOT NULL,
  emergency_id BIGINT       NOT NULL
);
CREATE INDEX consent_reading_party ON consent_reading (party_id, id);
CREATE INDEX consent_reading_account ON consent_reading (account_id, at);
CREATE TABLE consent_emergency (
  id         BIGINT NOT NULL PRIMARY KEY,
  account_id BIGINT NOT NULL,
  party_id   BIGINT NOT NULL,
  area       VARCHAR(64) NOT NULL,
  at         BIGINT NOT NULL,
  until_at   BIGINT NOT NULL,
  reason     TEXT   NOT NULL
);
CREATE INDEX consent_emergency_account ON consent_emergency (account_id, until_at);
CREATE INDEX consent_emergency_party ON consent_emergency (party_id, id);
