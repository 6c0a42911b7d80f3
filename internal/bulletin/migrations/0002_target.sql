-- How far a figure is from the target that its column names, by what was verified alone. target is plan/target, "" where there is none; actual is
-- what of the figure is promised, promise the quota or the target itself, need where the path to it is: exact fractions as text, "" where there is
-- none. quarter is where the area lies among those beside it. place is among them, where ranked_by, the document that asks for ranks, is not "".
ALTER TABLE bulletin_figure ADD COLUMN target VARCHAR(130) NOT NULL DEFAULT '';
ALTER TABLE bulletin_figure ADD COLUMN actual TEXT NOT NULL DEFAULT '';
ALTER TABLE bulletin_figure ADD COLUMN promise TEXT NOT NULL DEFAULT '';
ALTER TABLE bulletin_figure ADD COLUMN need TEXT NOT NULL DEFAULT '';
ALTER TABLE bulletin_figure ADD COLUMN target_state VARCHAR(16) NOT NULL DEFAULT '';
ALTER TABLE bulletin_figure ADD COLUMN quarter VARCHAR(16) NOT NULL DEFAULT '';
ALTER TABLE bulletin_figure ADD COLUMN place BIGINT NOT NULL DEFAULT 0;
ALTER TABLE bulletin_figure ADD COLUMN ranked_by TEXT NOT NULL DEFAULT '';
