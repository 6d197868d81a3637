package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
	"github.com/pulumi/pulumi/sdk/v3/nodejs/npm"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	codegenrpc "github.com/pulumi/pulumi/sdk/v3/proto/go/codegen"
)

// generatePackage binds the schema of the request and writes the SDK into its directory.
func generatePackage(req *pulumirpc.GeneratePackageRequest) (*pulumirpc.GeneratePackageResponse, error) {
	loader, err := schema.NewLoaderClient(req.GetLoaderTarget())
	if err != nil {
		return nil, err
	}
	cached := schema.NewCachedLoader(loader)
	var spec schema.PackageSpec
	if err := json.Unmarshal([]byte(req.GetSchema()), &spec); err != nil {
		return nil, fmt.Errorf("reading the schema: %w", err)
	}
	pkg, problems, err := schema.BindSpec(spec, cached, schema.ValidationOptions{AllowDanglingReferences: true})
	if err != nil {
		return nil, err
	}
	answer := &pulumirpc.GeneratePackageResponse{}
	for _, problem := range problems {
		answer.Diagnostics = append(answer.Diagnostics, &codegenrpc.Diagnostic{
			Severity: codegenrpc.DiagnosticSeverity(problem.Severity),
			Summary:  problem.Summary,
			Detail:   problem.Detail,
		})
	}
	if problems.HasErrors() {
		return answer, nil
	}
	files, err := nodejs.GeneratePackage(
		name, pkg, req.GetExtraFiles(), req.GetLocalDependencies(), req.GetLocal(), cached)
	if err != nil {
		return nil, err
	}
	return answer, writeFiles(req.GetDirectory(), files)
}

// writeFiles writes files by their path below a directory.
func writeFiles(directory string, files map[string][]byte) error {
	for path, content := range files {
		file := filepath.Join(directory, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// linkPackages adds each SDK to the program's package.json, and says how it is imported.
func linkPackages(ctx context.Context, req *pulumirpc.LinkRequest) (*pulumirpc.LinkResponse, error) {
	directory := req.GetInfo().GetProgramDirectory()
	manager, err := npm.ResolvePackageManager(npm.AutoPackageManager, directory)
	if err != nil {
		return nil, err
	}
	var imports strings.Builder
	for _, dependency := range req.GetPackages() {
		path := dependency.GetPath()
		if !filepath.IsAbs(path) {
			path = filepath.Join(req.GetInfo().GetRootDirectory(), path)
		}
		module, err := moduleName(path)
		if err != nil {
			return nil, err
		}
		relative, err := filepath.Rel(directory, path)
		if err != nil {
			return nil, err
		}
		if err := manager.Link(ctx, directory, module, relative); err != nil {
			return nil, err
		}
		fmt.Fprintf(&imports, "import * as %s from %q;\n", identifier(module), module)
	}
	return &pulumirpc.LinkResponse{ImportInstructions: imports.String()}, nil
}

// moduleName is the name that an SDK's package.json gives it.
func moduleName(sdk string) (string, error) {
	content, err := os.ReadFile(filepath.Join(sdk, "package.json"))
	if err != nil {
		return "", err
	}
	var manifest struct{ Name string }
	if err := json.Unmarshal(content, &manifest); err != nil {
		return "", fmt.Errorf("reading package.json of %s: %w", sdk, err)
	}
	if manifest.Name == "" {
		return "", fmt.Errorf("package.json of %s has no name", sdk)
	}
	return manifest.Name, nil
}

// identifier is a TypeScript name for a module: "@pulumi/secure-redis" is imported as secureRedis.
func identifier(module string) string {
	words := strings.FieldsFunc(module[strings.LastIndex(module, "/")+1:], func(r rune) bool {
		return r == '-' || r == '.' || r == '_'
	})
	for i, word := range words[1:] {
		words[i+1] = strings.ToUpper(word[:1]) + word[1:]
	}
	return strings.Join(words, "")
}
