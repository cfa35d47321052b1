-- For PostgreSQL with some 10⁸ instances and more: the two tables that grow with instances in 64 parts each, so that
-- indexes, vacuum and restores have parts to work on. Stop the service; it takes as long as writing both tables anew.
BEGIN;

ALTER TABLE documents RENAME TO documents_whole;
ALTER TABLE documents_whole DROP CONSTRAINT pk_documents;
CREATE TABLE documents (LIKE documents_whole INCLUDING DEFAULTS INCLUDING STORAGE) PARTITION BY HASH (instance);
ALTER TABLE documents ADD CONSTRAINT pk_documents PRIMARY KEY (instance);

ALTER TABLE instances RENAME TO instances_whole;
ALTER TABLE documents_whole DROP CONSTRAINT fk_documents_instance;
ALTER TABLE instances_whole
    DROP CONSTRAINT pk_instances,
    DROP CONSTRAINT uq_instances_series_sop_instance_uid,
    DROP CONSTRAINT fk_instances_series;
DROP INDEX ix_instances_sop_instance_uid, ix_instances_sop_class_uid_series, ix_instances_instance_number_series;
CREATE TABLE instances (LIKE instances_whole INCLUDING DEFAULTS INCLUDING STORAGE) PARTITION BY HASH (series);
ALTER TABLE instances
    ADD CONSTRAINT pk_instances PRIMARY KEY (id, series),
    ADD CONSTRAINT uq_instances_series_sop_instance_uid UNIQUE (series, sop_instance_uid) INCLUDE (id),
    ADD CONSTRAINT fk_instances_series FOREIGN KEY (series) REFERENCES series ON DELETE CASCADE;
CREATE INDEX ix_instances_sop_instance_uid ON instances (sop_instance_uid);
CREATE INDEX ix_instances_sop_class_uid_series ON instances (sop_class_uid, series) INCLUDE (id);
CREATE INDEX ix_instances_instance_number_series ON instances (instance_number, series) INCLUDE (id);

DO $$
BEGIN
    FOR part IN 0..63 LOOP
        EXECUTE format(
            'CREATE TABLE documents_%s PARTITION OF documents FOR VALUES WITH (MODULUS 64, REMAINDER %s)', part, part);
        EXECUTE format(
            'CREATE TABLE instances_%s PARTITION OF instances FOR VALUES WITH (MODULUS 64, REMAINDER %s)', part, part);
    END LOOP;
END $$;

INSERT INTO instances SELECT * FROM instances_whole;
INSERT INTO documents SELECT * FROM documents_whole;
ALTER SEQUENCE instances_id_seq OWNED BY instances.id;
DROP TABLE documents_whole, instances_whole;

COMMIT;
ANALYZE;
