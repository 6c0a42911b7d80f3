-- What the open applications of a call come to is asked for at each grant of one: of a batch, as often as it has applications.
CREATE INDEX subsidy_application_open ON subsidy_application (call_id, amount) WHERE standing = 'open';
