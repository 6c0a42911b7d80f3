-- Meetings of banks and firms (银企对接会). Rows are never changed; amounts are fen, instants milliseconds UTC, by_account is who did it.
CREATE TABLE credit_meeting (
  id         BIGINT        NOT NULL PRIMARY KEY,
  area       VARCHAR(64)   NOT NULL,
  title      VARCHAR(1200) NOT NULL,
  about      VARCHAR(8000) NOT NULL,
  at         BIGINT        NOT NULL,
  by_account BIGINT        NOT NULL
);
-- The banks that take part, with the codes of the products that they bring, separated by blanks.
CREATE TABLE credit_meeting_bank (
  meeting_id BIGINT        NOT NULL REFERENCES credit_meeting (id),
  n          INTEGER       NOT NULL,
  bank       VARCHAR(64)   NOT NULL,
  products   TEXT          NOT NULL,
  PRIMARY KEY (meeting_id, bank)
);
CREATE INDEX credit_meeting_bank_code ON credit_meeting_bank (bank, meeting_id);
-- When and where it is, the last row counts. n is how often it was moved, and one: answers are to one of these. cancelled is 1 where it
-- does not take place.
CREATE TABLE credit_meeting_plan (
  id         BIGINT        NOT NULL PRIMARY KEY,
  meeting_id BIGINT        NOT NULL REFERENCES credit_meeting (id),
  n          INTEGER       NOT NULL,
  from_at    BIGINT        NOT NULL,
  until_at   BIGINT        NOT NULL,
  place      VARCHAR(1200) NOT NULL,
  cancelled  INTEGER       NOT NULL,
  reason     VARCHAR(8000) NOT NULL,
  at         BIGINT        NOT NULL,
  by_account BIGINT        NOT NULL
);
CREATE INDEX credit_meeting_plan_of ON credit_meeting_plan (meeting_id, id);
-- The firms that are invited, with where each lay then; those of one round were invited at once.
CREATE TABLE credit_meeting_invited (
  meeting_id BIGINT      NOT NULL REFERENCES credit_meeting (id),
  firm       BIGINT      NOT NULL,
  area       VARCHAR(64) NOT NULL,
  round      BIGINT      NOT NULL,
  at         BIGINT      NOT NULL,
  by_account BIGINT      NOT NULL,
  PRIMARY KEY (meeting_id, firm)
);
CREATE INDEX credit_meeting_invited_firm ON credit_meeting_invited (firm, meeting_id);
CREATE INDEX credit_meeting_invited_area ON credit_meeting_invited (area, meeting_id);
CREATE INDEX credit_meeting_invited_round ON credit_meeting_invited (round);
-- What a firm or a bank answered, the last one to the plan counts: firm is 0 for a bank, bank '' for a firm. fen is −1 for an amount that
-- was not said.
CREATE TABLE credit_meeting_answer (
  id         BIGINT        NOT NULL PRIMARY KEY,
  meeting_id BIGINT        NOT NULL REFERENCES credit_meeting (id),
  n          INTEGER       NOT NULL,
  firm       BIGINT        NOT NULL,
  bank       VARCHAR(64)   NOT NULL,
  comes      INTEGER       NOT NULL,
  people     INTEGER       NOT NULL,
  fen        BIGINT        NOT NULL,
  purpose    VARCHAR(4000) NOT NULL,
  product    VARCHAR(64)   NOT NULL,
  at         BIGINT        NOT NULL,
  by_account BIGINT        NOT NULL
);
CREATE INDEX credit_meeting_answer_of ON credit_meeting_answer (meeting_id, id);
-- The consents by which banks read who a firm is and what it seeks (package consent).
CREATE TABLE credit_meeting_consent (
  grant_id   BIGINT      NOT NULL PRIMARY KEY,
  meeting_id BIGINT      NOT NULL REFERENCES credit_meeting (id),
  firm       BIGINT      NOT NULL,
  bank       VARCHAR(64) NOT NULL
);
CREATE INDEX credit_meeting_consent_of ON credit_meeting_consent (meeting_id, grant_id);
-- Whether a firm came, the last row counts.
CREATE TABLE credit_meeting_came (
  id         BIGINT  NOT NULL PRIMARY KEY,
  meeting_id BIGINT  NOT NULL REFERENCES credit_meeting (id),
  firm       BIGINT  NOT NULL,
  came       INTEGER NOT NULL,
  at         BIGINT  NOT NULL,
  by_account BIGINT  NOT NULL
);
CREATE INDEX credit_meeting_came_of ON credit_meeting_came (meeting_id, id);
-- What a talk of a firm and a bank came to, the last row of the two counts. by_bank is 1 where the bank itself wrote it.
CREATE TABLE credit_meeting_talk (
  id         BIGINT        NOT NULL PRIMARY KEY,
  meeting_id BIGINT        NOT NULL REFERENCES credit_meeting (id),
  firm       BIGINT        NOT NULL,
  bank       VARCHAR(64)   NOT NULL,
  outcome    VARCHAR(16)   NOT NULL,
  reason     VARCHAR(64)   NOT NULL,
  note       VARCHAR(8000) NOT NULL,
  fen        BIGINT        NOT NULL,
  by_bank    INTEGER       NOT NULL,
  at         BIGINT        NOT NULL,
  by_account BIGINT        NOT NULL
);
CREATE INDEX credit_meeting_talk_of ON credit_meeting_talk (meeting_id, id);
-- The referrals that began at a meeting.
CREATE TABLE credit_meeting_referral (
  case_id    BIGINT NOT NULL PRIMARY KEY REFERENCES credit_referral (case_id),
  meeting_id BIGINT NOT NULL REFERENCES credit_meeting (id)
);
CREATE INDEX credit_meeting_referral_of ON credit_meeting_referral (meeting_id, case_id);
