-- area is what the account was granted an area for, so that who audits the area reads it; '' for an account of none.
ALTER TABLE account_event ADD COLUMN area VARCHAR(64) NOT NULL DEFAULT '';
