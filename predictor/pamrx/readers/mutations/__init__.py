"""Mutations: MAF and its relatives, VCF, and which columns and rows of them count."""
