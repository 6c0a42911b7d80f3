CREATE TABLE intake_batch (
	id BIGINT NOT NULL PRIMARY KEY,
	sha256 VARCHAR(64) NOT NULL,
	name VARCHAR(400) NOT NULL,
	size BIGINT NOT NULL,
	sender VARCHAR(400) NOT NULL,
	authority VARCHAR(40) NOT NULL,
	area VARCHAR(40) NOT NULL,
	account BIGINT NOT NULL,
	state VARCHAR(20) NOT NULL,
	received_at BIGINT NOT NULL,
	changed_at BIGINT NOT NULL,
	plan TEXT NOT NULL,
	preview TEXT NOT NULL,
	source_id BIGINT NOT NULL,
	failure TEXT NOT NULL
);
CREATE INDEX intake_batch_area ON intake_batch (area, received_at);
CREATE TABLE intake_memory (
	sender VARCHAR(400) NOT NULL,
	label VARCHAR(400) NOT NULL,
	target VARCHAR(80) NOT NULL,
	unit VARCHAR(20) NOT NULL,
	PRIMARY KEY (sender, label)
);
