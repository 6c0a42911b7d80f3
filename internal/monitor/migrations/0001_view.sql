-- Views of figures as somebody saved them. address is the query that restores one, area the area that it is of: who may not see that
-- area does not see the view. dropped is when it was thrown away, 0 while it is not.
CREATE TABLE monitor_view (
  id      BIGINT        NOT NULL PRIMARY KEY,
  owner   BIGINT        NOT NULL,
  name    VARCHAR(400)  NOT NULL,
  area    VARCHAR(64)   NOT NULL,
  address VARCHAR(4000) NOT NULL,
  saved   BIGINT        NOT NULL,
  dropped BIGINT        NOT NULL
);
CREATE INDEX monitor_view_owner ON monitor_view (owner, id);
