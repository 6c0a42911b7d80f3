ALTER TABLE intake_memory ADD COLUMN rate VARCHAR(20) NOT NULL DEFAULT '';
ALTER TABLE intake_memory ADD COLUMN days VARCHAR(20) NOT NULL DEFAULT '';
CREATE TABLE intake_mend (
	sender VARCHAR(400) NOT NULL,
	target VARCHAR(80) NOT NULL,
	word VARCHAR(400) NOT NULL,
	act VARCHAR(20) NOT NULL,
	reads VARCHAR(400) NOT NULL,
	firm BIGINT NOT NULL,
	PRIMARY KEY (sender, target, word)
);
ALTER TABLE intake_batch ADD COLUMN delivery BIGINT NOT NULL DEFAULT 0;
ALTER TABLE intake_batch ADD COLUMN base BIGINT NOT NULL DEFAULT 0;
CREATE INDEX intake_batch_delivery ON intake_batch (delivery, id);
