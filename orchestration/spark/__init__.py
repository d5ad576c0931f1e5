"""The same models on Apache Spark: `lead-funnel run --engine spark`.

DuckDB loads the landing folder as ever; Spark reads the raw tables where
they lie, dbt builds every model there, and DuckDB reads Spark's Parquet back
for the checks and the publication. Nothing outside this package knows Spark.
"""
